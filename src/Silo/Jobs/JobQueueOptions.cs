namespace Distributed.Silo.Jobs;

/// <summary>How the queue works.</summary>
public sealed record JobQueueOptions
{
    /// <summary>Jobs computed at a time.</summary>
    /// <value>2.</value>
    public int AtOnce { get; init; } = 2;

    /// <summary>Bytes of memory that jobs may take together, on each silo.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Jobs that one key may have in the queue.</summary>
    /// <value>10,000.</value>
    public int MostPerKey { get; init; } = 10_000;

    /// <summary>How long jobs that have ended are kept, with their results; null = until they are removed.</summary>
    public TimeSpan? KeepsFor { get; init; }

    /// <summary>How old a folder must be to be taken for one that a lost process left behind: others may be new.</summary>
    /// <value>0: no other process uses the folder.</value>
    public TimeSpan LeftBehindAfter { get; init; }
}
