namespace Distributed.Grains.Jobs;

/// <summary>
/// Which silo computes which block. At first each silo gets consecutive blocks, as much of the work as its share of the
/// speed: neighbours in the ring live together, and silos finish together. Then whoever is done helps the one that would
/// be done last, if that gets the block done sooner; whoever joins helps too, and the blocks of the dead go to the living.
/// Costly blocks come first, so that those left at the end are small; and a silo leaves one to another that would have it
/// done sooner, for else a slow one would hold up the job with its last.
/// </summary>
public sealed class BlockSchedule
{
    private const int PendingToCompare = 4;

    /// <summary>Below 1, so that two equal silos do not leave a block to one another.</summary>
    private const double ClearlySooner = 0.99;

    private readonly IReadOnlyList<double> _costs;
    private readonly Place[] _places;
    private readonly string?[] _homes;
    private readonly double[] _left;
    private readonly Dictionary<string, double> _speeds = [];

    // What is to be done, by the silo that has it: a cluster of a thousand silos asks for its next blocks very often.
    private readonly Dictionary<string, Load> _loads = [];
    private readonly Load _homeless;
    private int _unfinished, _pending;
    private double _costLeft;
    private (double Sum, double Fastest)? _allSpeeds;

    /// <summary>Begins with no silo.</summary>
    /// <param name="costs">Estimated cost of each block.</param>
    /// <param name="finished">Blocks that need not be computed.</param>
    public BlockSchedule(IReadOnlyList<double> costs, IEnumerable<int> finished)
    {
        ArgumentNullException.ThrowIfNull(costs);
        ArgumentNullException.ThrowIfNull(finished);
        (_costs, _homes, _places, _homeless) = (costs, new string?[costs.Count], new Place[costs.Count], new Load(costs));
        _left = [.. costs];
        foreach (int block in finished)
            _places[block] = Place.Finished;
        _costLeft = Enumerable.Range(0, costs.Count).Where(block => _places[block] == Place.Pending).Sum(block => costs[block]);
        foreach (int block in Enumerable.Range(0, costs.Count).Where(block => _places[block] == Place.Pending))
            _homeless.Add(block);
        _unfinished = _pending = _homeless.Waiting.Count;
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
            Join(silo, speed);
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
    public void Join(string silo, double speed)
    {
        _speeds[silo] = speed;
        _allSpeeds = null;
    }

    /// <summary>A silo is gone: what it has not finished is to be done by others.</summary>
    public void Leave(string silo)
    {
        _speeds.Remove(silo);
        _allSpeeds = null;
        for (int block = 0; block < _homes.Length; block++)
        {
            if (_homes[block] == silo)
                Settle(block, null, _places[block]);
        }
    }

    /// <summary>Takes the next block for a silo that is ready for one; null when it is to wait.</summary>
    public int? Next(string silo)
    {
        int? block = _pending == 0 ? null : LoadOf(silo).First ?? _homeless.First ?? ToHelpWith(silo);
        if (block is not { } taken || (_pending > _speeds.Count * PendingToCompare ? IsTooMuchFor(silo, taken) : IsSoonerElsewhere(taken, silo)))
            return null;
        Run(taken, silo);
        return block;
    }

    /// <summary>Says how much of a running block's cost is left.</summary>
    public void Advance(int block, double left)
    {
        if (_places[block] != Place.Running)
            return;
        LoadOf(_homes[block]).Running += left - _left[block];
        _costLeft += left - _left[block];
        _left[block] = left;
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
            LoadOf(_homes[block]).Remove(block);
        else if (_places[block] == Place.Running)
            LoadOf(_homes[block]).Running -= _left[block];
        _pending += (place == Place.Pending ? 1 : 0) - (_places[block] == Place.Pending ? 1 : 0);
        _unfinished += (place == Place.Finished ? 0 : 1) - (_places[block] == Place.Finished ? 0 : 1);
        _costLeft -= _places[block] == Place.Finished ? 0 : _left[block];
        (_homes[block], _places[block]) = (home, place);
        _left[block] = _costs[block];
        _costLeft += place == Place.Finished ? 0 : _left[block];
        if (place == Place.Pending)
            LoadOf(home).Add(block);
        else if (place == Place.Running)
            LoadOf(home).Running += _left[block];
    }

    private Load LoadOf(string? home)
    {
        if (home is null)
            return _homeless;
        if (!_loads.TryGetValue(home, out Load? load))
            _loads.Add(home, load = new Load(_costs));
        return load;
    }

    /// <summary>
    /// A block of the silo that would be done last: the costliest with which this silo is done no later than that one is
    /// without it, so that few are handed over; else the least, if this silo has it done before that one is.
    /// </summary>
    private int? ToHelpWith(string silo)
    {
        (string? slowest, double longest) = (null, 0);
        foreach ((string other, double speed) in _speeds)
        {
            double time = _loads.TryGetValue(other, out Load? load) && load.Waiting.Count > 0 ? load.Cost / speed : 0;
            if (time > longest)
                (slowest, longest) = (other, time);
        }
        if (slowest is null || _loads[slowest].Last is not { } least)
            return null;
        double before = LoadOf(silo).Cost, here = _speeds[silo];
        foreach (int block in _loads[slowest].Waiting)
        {
            if (_costs[block] > _costs[least] && (before + _costs[block]) / here <= longest - _costs[block] / _speeds[slowest])
                return block;
        }
        return (before + _costs[least]) / here <= longest ? least : null;
    }

    /// <summary>
    /// Whether the others would have done all that is left before this silo is done with the block: a processor beside a GPU
    /// that is two hundred times as fast. While much waits, how it falls to the others does not matter.
    /// </summary>
    private bool IsTooMuchFor(string silo, int block)
    {
        (double sum, double fastest) = _allSpeeds ??= (_speeds.Values.Sum(), _speeds.Values.Max());
        double speed = _speeds[silo], running = LoadOf(silo).Running, others = sum - speed;
        return others > 0 && (running + _costs[block]) / speed > (_costLeft - running) / others + _costs[block] / fastest;
    }

    /// <summary>Whether another silo would have the block done before this one, with all that both have to do before it.</summary>
    private bool IsSoonerElsewhere(int block, string silo)
    {
        double here = (LoadOf(silo).Running + _costs[block]) / _speeds[silo];
        foreach ((string other, double speed) in _speeds)
        {
            if (other == silo)
                continue;
            double before = LoadOf(other).Cost - (_homes[block] == other ? _costs[block] : 0);
            if ((before + _costs[block]) / speed < here * ClearlySooner)
                return true;
        }
        return false;
    }

    /// <summary>What one silo has to do: blocks that nobody computes yet, and what is left of those it computes.</summary>
    private sealed class Load(IReadOnlyList<double> costs)
    {
        private double? _waitingCost;

        public SortedSet<int> Waiting { get; } = new(Comparer<int>.Create(
            (one, other) => costs[one] == costs[other] ? one.CompareTo(other) : costs[other].CompareTo(costs[one])));

        public double Running { get; set; }

        public int? First => Waiting.Count == 0 ? null : Waiting.Min;

        public int? Last => Waiting.Count == 0 ? null : Waiting.Max;

        public double Cost => Running + (_waitingCost ??= Waiting.Sum(block => costs[block]));

        public void Add(int block)
        {
            Waiting.Add(block);
            _waitingCost = null;
        }

        public void Remove(int block)
        {
            Waiting.Remove(block);
            _waitingCost = null;
        }
    }
}
