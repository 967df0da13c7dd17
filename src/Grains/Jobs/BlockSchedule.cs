namespace Distributed.Grains.Jobs;

/// <summary>
/// Which silo computes which block. At first each silo gets consecutive blocks, as much of the work as its share of the
/// speed: neighbours in the ring live together, and silos finish together. Then whoever is done helps the one that would
/// be done last, if that gets the block done sooner; whoever joins helps too, and the blocks of the dead go to the living.
/// </summary>
public sealed class BlockSchedule
{
    private readonly IReadOnlyList<double> _costs;
    private readonly Place[] _places;
    private readonly string?[] _homes;
    private readonly Dictionary<string, double> _speeds = [];

    // What waits, by the silo that has it: a cluster of a thousand silos asks for its next blocks very often.
    private readonly Dictionary<string, Waiting> _waiting = [];
    private readonly Waiting _homeless;
    private int _unfinished, _pending;

    /// <summary>Begins with no silo.</summary>
    /// <param name="costs">Estimated cost of each block.</param>
    /// <param name="finished">Blocks that need not be computed.</param>
    public BlockSchedule(IReadOnlyList<double> costs, IEnumerable<int> finished)
    {
        ArgumentNullException.ThrowIfNull(costs);
        ArgumentNullException.ThrowIfNull(finished);
        (_costs, _homes, _places, _homeless) = (costs, new string?[costs.Count], new Place[costs.Count], new Waiting(costs));
        foreach (int block in finished)
            _places[block] = Place.Finished;
        foreach (int block in Enumerable.Range(0, costs.Count).Where(block => _places[block] == Place.Pending))
            _homeless.Add(block);
        _unfinished = _pending = _homeless.Blocks.Count;
    }

    private enum Place
    {
        Pending,
        Running,
        Finished,
    }

    /// <summary>The silo that owns each block's tile; null where none does.</summary>
    public IReadOnlyList<string?> Homes => _homes;

    /// <summary>Whether every block is finished.</summary>
    public bool AllFinished => _unfinished == 0;

    /// <summary>Gives the first silos their blocks.</summary>
    /// <param name="silos">Name and speed of each, in an order that puts near ones together.</param>
    public void Divide(IReadOnlyList<(string Silo, double Speed)> silos)
    {
        ArgumentNullException.ThrowIfNull(silos);
        foreach ((string silo, double speed) in silos)
            _speeds[silo] = speed;
        double total = _costs.Sum(), speeds = silos.Sum(silo => silo.Speed), done = 0, until = 0;
        int block = 0;
        for (int i = 0; i < silos.Count; i++)
        {
            until += silos[i].Speed / speeds * total;
            for (; block < _costs.Count && (i == silos.Count - 1 || done + _costs[block] / 2 <= until); block++)
            {
                done += _costs[block];
                Settle(block, _homes[block] ?? silos[i].Silo, _places[block]);
            }
        }
    }

    /// <summary>A silo joins, or its speed has turned out to be another. It gets work from the others by <see cref="Next"/>.</summary>
    public void Join(string silo, double speed) => _speeds[silo] = speed;

    /// <summary>A silo is gone: what it has not finished is to be done by others.</summary>
    public void Leave(string silo)
    {
        _speeds.Remove(silo);
        for (int block = 0; block < _homes.Length; block++)
        {
            if (_homes[block] == silo)
                Settle(block, null, _places[block]);
        }
    }

    /// <summary>Takes the next block for a silo that is ready for one; null when it is to wait.</summary>
    public int? Next(string silo)
    {
        int? block = _pending == 0 ? null : WaitingFor(silo).First ?? _homeless.First ?? ToHelpWith(silo);
        if (block is { } taken)
            Run(taken, silo);
        return block;
    }

    /// <summary>A block is being computed by a silo.</summary>
    public void Run(int block, string silo) => Settle(block, silo, Place.Running);

    /// <summary>A block is finished.</summary>
    public void Finish(int block) => Settle(block, _homes[block], Place.Finished);

    /// <summary>A block's attempt was lost: it is to be done again.</summary>
    public void Lose(int block)
    {
        if (_places[block] == Place.Running)
            Settle(block, _homes[block], Place.Pending);
    }

    private void Settle(int block, string? home, Place place)
    {
        if (_places[block] == Place.Pending)
            WaitingFor(_homes[block]).Remove(block);
        _pending += (place == Place.Pending ? 1 : 0) - (_places[block] == Place.Pending ? 1 : 0);
        _unfinished += (place == Place.Finished ? 0 : 1) - (_places[block] == Place.Finished ? 0 : 1);
        (_homes[block], _places[block]) = (home, place);
        if (place == Place.Pending)
            WaitingFor(home).Add(block);
    }

    private Waiting WaitingFor(string? home)
    {
        if (home is null)
            return _homeless;
        if (!_waiting.TryGetValue(home, out Waiting? waiting))
            _waiting.Add(home, waiting = new Waiting(_costs));
        return waiting;
    }

    /// <summary>The last block of the silo that would be done last, if this silo has it done before that one would.</summary>
    private int? ToHelpWith(string silo)
    {
        (string? slowest, double longest) = (null, 0);
        foreach ((string other, double speed) in _speeds)
        {
            double left = _waiting.TryGetValue(other, out Waiting? waiting) ? waiting.Cost / speed : 0;
            if (left > longest)
                (slowest, longest) = (other, left);
        }
        if (slowest is null || _waiting[slowest].Last is not { } block)
            return null;
        return _costs[block] / _speeds[silo] <= longest + _costs[block] / _speeds[slowest] ? block : null;
    }

    /// <summary>Blocks of one silo that nobody computes yet, and their cost.</summary>
    private sealed class Waiting(IReadOnlyList<double> costs)
    {
        private double? _cost;

        public SortedSet<int> Blocks { get; } = [];

        public int? First => Blocks.Count == 0 ? null : Blocks.Min;

        public int? Last => Blocks.Count == 0 ? null : Blocks.Max;

        public double Cost => _cost ??= Blocks.Sum(block => costs[block]);

        public void Add(int block)
        {
            Blocks.Add(block);
            _cost = null;
        }

        public void Remove(int block)
        {
            Blocks.Remove(block);
            _cost = null;
        }
    }
}
