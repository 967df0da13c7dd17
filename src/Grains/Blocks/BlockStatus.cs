using Distributed.Engine.Timelines;

namespace Distributed.Grains.Blocks;

/// <summary>How far an attempt of a block is.</summary>
[GenerateSerializer, Immutable]
public sealed record BlockStatus
{
    /// <summary>Where it stands.</summary>
    [Id(0)]
    public BlockPhase Phase { get; init; }

    /// <summary>Why it failed.</summary>
    [Id(1)]
    public string? Error { get; init; }

    /// <summary>Whether the failure is the input's fault, so that another attempt would fail too.</summary>
    [Id(2)]
    public bool IsInputError { get; init; }

    /// <summary>Estimated cost of all that its states hold, as the plan counts it.</summary>
    [Id(3)]
    public double CostDone { get; init; }

    /// <summary>The same, of its last checkpoint; what the attempt began with before the first one.</summary>
    [Id(4)]
    public double CostSaved { get; init; }

    /// <summary>The same, of the checkpoint that this attempt began with; 0 when it began with nothing.</summary>
    [Id(5)]
    public double CostRestored { get; init; }

    /// <summary>(query, key) pairs inside the masks that its states hold.</summary>
    [Id(6)]
    public long PairsSeen { get; init; }

    /// <summary>Seconds that it waited for tiles.</summary>
    [Id(7)]
    public double SecondsWaiting { get; init; }

    /// <summary>Seconds since it began.</summary>
    [Id(8)]
    public double Seconds { get; init; }

    /// <summary>What it did when; null before it computes.</summary>
    [Id(9)]
    public TimelineView? Timeline { get; init; }

    /// <summary>Whether it failed for want of room on a disk, so that another attempt may do when there is some.</summary>
    [Id(10)]
    public bool IsDiskFull { get; init; }
}

/// <summary>Where an attempt of a block stands.</summary>
public enum BlockPhase
{
    /// <summary>Its silo does not know it: the silo was started anew.</summary>
    Unknown,

    /// <summary>It is being computed.</summary>
    Running,

    /// <summary>Its rows are on disk.</summary>
    Finished,

    /// <summary>It has ended with an error.</summary>
    Failed,

    /// <summary>It was stopped.</summary>
    Stopped,

    /// <summary>It waits until another block of its job is finished on its silo.</summary>
    Waiting,
}
