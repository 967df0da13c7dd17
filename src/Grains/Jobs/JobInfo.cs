namespace Distributed.Grains.Jobs;

/// <summary>How a job stands, or how it ended.</summary>
[GenerateSerializer, Immutable]
public sealed record JobInfo
{
    /// <summary>The job.</summary>
    [Id(0)]
    public required Guid Id { get; init; }

    /// <summary>Where it stands.</summary>
    [Id(1)]
    public JobState State { get; init; }

    /// <summary>Why it failed, in one sentence.</summary>
    [Id(2)]
    public string? Error { get; init; }

    /// <summary>Whether the input or an option is to blame.</summary>
    [Id(3)]
    public bool IsInputError { get; init; }

    /// <summary>Estimated share of the work done, 0 to 1.</summary>
    [Id(4)]
    public double Done { get; init; }

    /// <summary>Floating-point operations done, inside the masks, without those that were lost.</summary>
    [Id(5)]
    public double Flops { get; init; }

    /// <summary>(query, key) pairs done, inside the masks, over all heads.</summary>
    [Id(6)]
    public long PairsSeen { get; init; }

    /// <summary>Seconds since the job was taken on; until its end when it has ended.</summary>
    [Id(7)]
    public double Seconds { get; init; }

    /// <summary>Blocks it is cut into.</summary>
    [Id(8)]
    public int Blocks { get; init; }

    /// <summary>Blocks whose rows are on disk.</summary>
    [Id(9)]
    public int BlocksFinished { get; init; }

    /// <summary>The silos that took part.</summary>
    [Id(10)]
    public IReadOnlyList<SiloShare> Silos { get; init; } = [];

    /// <summary>Attempts of blocks that were lost with their silos.</summary>
    [Id(11)]
    public int AttemptsLost { get; init; }

    /// <summary>Share of the job's work that was done again after a loss.</summary>
    [Id(12)]
    public double Redone { get; init; }

    /// <summary>Share of the job's work that lost attempts had done since their last checkpoints: the most that may be redone.</summary>
    [Id(13)]
    public double Unsaved { get; init; }

    /// <summary>Coordinators that the job has had.</summary>
    [Id(14)]
    public int Coordinators { get; init; }
}

/// <summary>A silo's part in a job.</summary>
[GenerateSerializer, Immutable]
public sealed record SiloShare
{
    /// <summary>The silo.</summary>
    [Id(0)]
    public required string Silo { get; init; }

    /// <summary>Whether it is in the cluster now.</summary>
    [Id(1)]
    public bool Alive { get; init; }

    /// <summary>Blocks it computes now.</summary>
    [Id(2)]
    public int Running { get; init; }

    /// <summary>Blocks it has finished.</summary>
    [Id(3)]
    public int Finished { get; init; }

    /// <summary>Share of its blocks' time in which they waited for tiles.</summary>
    [Id(4)]
    public double Waiting { get; init; }

    /// <summary>Seconds from the job's start until its last block was finished.</summary>
    [Id(5)]
    public double LastFinished { get; init; }
}

/// <summary>Where a job stands.</summary>
public enum JobState
{
    /// <summary>It is waiting for a coordinator: the cluster has just begun.</summary>
    Waiting,

    /// <summary>It is being computed.</summary>
    Running,

    /// <summary>The output is there.</summary>
    Finished,

    /// <summary>It ended with an error.</summary>
    Failed,

    /// <summary>It was cancelled.</summary>
    Cancelled,

    /// <summary>It is not computed until it is started again: it was paused, or a disk had no room for what it writes.</summary>
    Paused,
}
