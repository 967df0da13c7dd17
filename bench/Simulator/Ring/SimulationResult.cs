using Distributed.Engine.Plan;
using Distributed.Engine.Tiles;

namespace Distributed.Simulator.Ring;

/// <summary>How a simulated job went.</summary>
internal sealed record SimulationResult
{
    /// <summary>Time from its start until its last block was finished.</summary>
    public required TimeSpan Took { get; init; }

    /// <summary>Time that all silos together need for the work alone, as a share of <see cref="Took"/>.</summary>
    public required double Efficiency { get; init; }

    /// <summary>Blocks that it was cut into.</summary>
    public required int Blocks { get; init; }

    /// <summary>Cost of the job, over all heads.</summary>
    public required double Cost { get; init; }

    /// <summary>Cost of the attempts that finished, with what they took over.</summary>
    public required double CostDone { get; init; }

    /// <summary>Cost that was done, lost with a silo, and done again.</summary>
    public required double CostLost { get; init; }

    /// <summary>Bytes into each silo.</summary>
    public required IReadOnlyList<long> BytesIn { get; init; }

    /// <summary>Bytes out of each silo.</summary>
    public required IReadOnlyList<long> BytesOut { get; init; }

    /// <summary>Where each silo's tiles came from.</summary>
    public required IReadOnlyList<TileTraffic> Traffic { get; init; }

    /// <summary>The tiles of other silos that each silo's blocks asked for.</summary>
    public required IReadOnlyList<IReadOnlySet<int>> Asked { get; init; }

    /// <summary>The silo that finished each block.</summary>
    public required IReadOnlyList<int> SiloOf { get; init; }

    /// <summary>The silos that have owned each block's tile.</summary>
    public required IReadOnlyList<IReadOnlySet<int>> OwnersOf { get; init; }

    /// <summary>Work in the blocks that each silo finished, without what checkpoints brought.</summary>
    public required IReadOnlyList<PairCounts> WorkOf { get; init; }

    /// <summary>Time that each silo computed.</summary>
    public required IReadOnlyList<TimeSpan> Busy { get; init; }

    /// <summary>Most bytes of other silos' tiles that a silo held.</summary>
    public required long TileBytes { get; init; }

    /// <summary>Private memory of a silo beside its tiles.</summary>
    public required long MemoryOfBlocks { get; init; }

    /// <summary>Share of the blocks' time in which they waited for tiles.</summary>
    public required double Waiting { get; init; }

    /// <summary>Private memory of the silo that takes the most.</summary>
    public long Memory => MemoryOfBlocks + TileBytes;
}
