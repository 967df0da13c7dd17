namespace Distributed.Grains.Jobs;

/// <summary>
/// Which silo computes which block. At first each silo gets consecutive blocks, as much of the work as its share of the
/// speed: neighbours in the ring live together, and silos finish together. Then whoever is done helps the one that would
/// be done last, if that gets the block done sooner; whoever joins helps too, and the blocks of the dead go to the living.
/// </summary>
/// <param name="costs">Estimated cost of each block.</param>
/// <param name="finished">Blocks that need not be computed.</param>
public sealed class BlockSchedule(IReadOnlyList<double> costs, IEnumerable<int> finished)
{
    private readonly Place[] _places = Places(costs.Count, finished);
    private readonly string?[] _homes = new string?[costs.Count];
    private readonly Dictionary<string, double> _speeds = [];

    private enum Place
    {
        Pending,
        Running,
        Finished,
    }

    /// <summary>The silo that owns each block's tile; null where none does.</summary>
    public IReadOnlyList<string?> Homes => _homes;

    /// <summary>Whether every block is finished.</summary>
    public bool AllFinished => _places.All(place => place == Place.Finished);

    /// <summary>Gives the first silos their blocks.</summary>
    /// <param name="silos">Name and speed of each, in an order that puts near ones together.</param>
    public void Divide(IReadOnlyList<(string Silo, double Speed)> silos)
    {
        foreach ((string silo, double speed) in silos)
            _speeds[silo] = speed;
        double total = costs.Sum(), speeds = silos.Sum(silo => silo.Speed), done = 0, until = 0;
        int block = 0;
        for (int i = 0; i < silos.Count; i++)
        {
            until += silos[i].Speed / speeds * total;
            for (; block < costs.Count && (i == silos.Count - 1 || done + costs[block] / 2 <= until); block++)
            {
                done += costs[block];
                _homes[block] ??= silos[i].Silo;
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
                _homes[block] = null;
        }
    }

    /// <summary>Takes the next block for a silo that is ready for one; null when it is to wait.</summary>
    public int? Next(string silo)
    {
        int? block = First(candidate => _homes[candidate] == silo) ?? First(candidate => _homes[candidate] is null) ?? ToHelpWith(silo);
        if (block is { } taken)
            Run(taken, silo);
        return block;
    }

    /// <summary>A block is being computed by a silo.</summary>
    public void Run(int block, string silo)
    {
        _places[block] = Place.Running;
        _homes[block] = silo;
    }

    /// <summary>A block is finished.</summary>
    public void Finish(int block) => _places[block] = Place.Finished;

    /// <summary>A block's attempt was lost: it is to be done again.</summary>
    public void Lose(int block)
    {
        if (_places[block] == Place.Running)
            _places[block] = Place.Pending;
    }

    private int? First(Func<int, bool> fits)
    {
        for (int block = 0; block < _places.Length; block++)
        {
            if (_places[block] == Place.Pending && fits(block))
                return block;
        }
        return null;
    }

    /// <summary>The last block of the silo that would be done last, if this silo has it done before that one would.</summary>
    private int? ToHelpWith(string silo)
    {
        (string? slowest, double longest) = (null, 0);
        foreach ((string other, double speed) in _speeds)
        {
            double left = 0;
            for (int block = 0; block < _places.Length; block++)
            {
                if (_homes[block] == other && _places[block] == Place.Pending)
                    left += costs[block] / speed;
            }
            if (left > longest)
                (slowest, longest) = (other, left);
        }
        for (int block = _places.Length - 1; slowest is not null && block >= 0; block--)
        {
            if (_homes[block] == slowest && _places[block] == Place.Pending)
                return costs[block] / _speeds[silo] <= longest + costs[block] / _speeds[slowest] ? block : null;
        }
        return null;
    }

    private static Place[] Places(int count, IEnumerable<int> finished)
    {
        var places = new Place[count];
        foreach (int block in finished)
            places[block] = Place.Finished;
        return places;
    }
}
