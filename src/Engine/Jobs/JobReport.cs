using Distributed.Engine.Devices;
using Distributed.Engine.Plan;

namespace Distributed.Engine.Jobs;

/// <summary>What a finished job did.</summary>
/// <param name="Shape">Its sizes.</param>
/// <param name="Masks">Its masks, for people.</param>
/// <param name="Tiles">Pairs of spans skipped, kept in part and kept whole.</param>
/// <param name="Blocks">Blocks it was cut into.</param>
/// <param name="Threads">Compute threads of this process; 0 when others did the work.</param>
/// <param name="Kernel">Name of the kernel, or who did the work.</param>
/// <param name="PairsSeen">(query, key) pairs inside the masks, over all heads and batch entries.</param>
/// <param name="Elapsed">Time from the first tile to the last row written.</param>
public sealed record JobReport(
    AttentionShape Shape, string Masks, TileCounts Tiles, int Blocks, int Threads, string Kernel, long PairsSeen,
    TimeSpan Elapsed)
{
    /// <summary>What was done to the scores, for people.</summary>
    public string Scores { get; init; } = "scaled dot product";

    /// <summary>Time of the second pass over the weights; null when there was none.</summary>
    public TimeSpan? Analytics { get; init; }

    /// <summary>What a device beside the CPU did; null = the CPU did it all, or others.</summary>
    public DeviceReport? Device { get; init; }

    /// <summary>What was found while a device was looked for, and why something was passed over: one sentence each.</summary>
    public IReadOnlyList<string> DeviceNotes { get; init; } = [];

    /// <summary>Operations of a mechanism without scores; null = those of the pairs.</summary>
    public double? Operations { get; init; }

    /// <summary>Floating-point operations inside the masks: 2 · (D + Dv) for every pair seen, unless the mechanism has no scores.</summary>
    public double Flops => Operations ?? (double)PairsSeen * Shape.FlopsPerPair;

    /// <summary>Operations a second; 0 when nothing was computed.</summary>
    public double FlopsPerSecond => Elapsed > TimeSpan.Zero ? Flops / Elapsed.TotalSeconds : 0;
}
