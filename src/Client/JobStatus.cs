namespace Distributed.Client;

/// <summary>How a job stands, or how it ended.</summary>
public sealed record JobStatus
{
    /// <summary>The job.</summary>
    public Guid Id { get; init; }

    /// <summary>What its owner calls it.</summary>
    public string? Name { get; init; }

    /// <summary><c>tensors</c> or <c>document</c>.</summary>
    public string Kind { get; init; } = "tensors";

    /// <summary>
    /// <c>waiting</c>, <c>running</c>, <c>pausing</c>, <c>paused</c>, <c>cancelling</c>, <c>finished</c>, <c>failed</c> or
    /// <c>cancelled</c>.
    /// </summary>
    public string State { get; init; } = "waiting";

    /// <summary>Number of the latest change.</summary>
    public long Revision { get; init; }

    /// <summary>The key that it was submitted with.</summary>
    public string Owner { get; init; } = "";

    /// <summary>Higher ones go first.</summary>
    public int Priority { get; init; }

    /// <summary>What it waits for, in one sentence; null when it does not wait.</summary>
    public string? WaitsFor { get; init; }

    /// <summary>Why it failed, in one sentence.</summary>
    public string? Error { get; init; }

    /// <summary>Whether the input or an option is to blame.</summary>
    public bool IsInputError { get; init; }

    /// <summary>When it was submitted.</summary>
    public DateTimeOffset Submitted { get; init; }

    /// <summary>When it was first computed.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>What is being done, for people; null where there is only one thing to do.</summary>
    public string? Phase { get; init; }

    /// <summary>Estimated share of the work done, 0 to 1.</summary>
    public double Done { get; init; }

    /// <summary>Floating-point operations a second, lately.</summary>
    public double Rate { get; init; }

    /// <summary>Estimated seconds of work left; null while that cannot be told.</summary>
    public double? SecondsLeft { get; init; }

    /// <summary>Seconds it has been computed.</summary>
    public double Seconds { get; init; }

    /// <summary>Floating-point operations done, inside the masks.</summary>
    public double Flops { get; init; }

    /// <summary>(query, key) pairs done, inside the masks, over all heads.</summary>
    public long PairsSeen { get; init; }

    /// <summary>Tiles (pairs of a query span and a key span, over all heads) done, estimated from the work done.</summary>
    public long TilesDone { get; init; }

    /// <summary>Tiles to compute.</summary>
    public long Tiles { get; init; }

    /// <summary>Blocks it is cut into.</summary>
    public int Blocks { get; init; }

    /// <summary>Blocks whose rows are on disk.</summary>
    public int BlocksFinished { get; init; }

    /// <summary>About how much memory it takes on each silo.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>Attempts of blocks that were lost with their silos.</summary>
    public int AttemptsLost { get; init; }

    /// <summary>Share of the work that was done again after a loss.</summary>
    public double Redone { get; init; }

    /// <summary>The silos that took part.</summary>
    public IReadOnlyList<JobSilo> Silos { get; init; } = [];

    /// <summary>The files it made.</summary>
    public IReadOnlyList<JobFile> Files { get; init; } = [];

    /// <summary>Whether nothing more will come of it.</summary>
    public bool HasEnded => State is "finished" or "failed" or "cancelled";
}

/// <summary>A silo's part in a job.</summary>
/// <param name="Silo">Its name.</param>
/// <param name="Alive">Whether it is in the cluster now.</param>
/// <param name="Running">Blocks it computes now.</param>
/// <param name="Finished">Blocks it has finished.</param>
/// <param name="Waiting">Share of its blocks' time in which they waited for tiles.</param>
/// <param name="LastFinished">Seconds from the job's start until its last block was finished.</param>
public sealed record JobSilo(string Silo, bool Alive, int Running, int Finished, double Waiting, double LastFinished = 0);

/// <summary>A file that a job made.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">Length.</param>
public sealed record JobFile(string Name, long Bytes);
