using Distributed.Grains.Blocks;

namespace Distributed.Grains.Analytics;

/// <summary>How far a part of a second pass is.</summary>
[GenerateSerializer, Immutable]
public sealed record PartStatus
{
    /// <summary>Where it stands; finished when its file is there.</summary>
    [Id(0)]
    public BlockPhase Phase { get; init; }

    /// <summary>The share done, 0 to 1.</summary>
    [Id(1)]
    public double Done { get; init; }

    /// <summary>Why it failed.</summary>
    [Id(2)]
    public string? Error { get; init; }

    /// <summary>Whether it failed for want of room on a disk.</summary>
    [Id(3)]
    public bool IsDiskFull { get; init; }
}
