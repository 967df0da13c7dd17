namespace Distributed.Silo.Jobs;

/// <summary>A job as the API shows it.</summary>
public sealed record JobStatus
{
    /// <summary>The job.</summary>
    public required Guid Id { get; init; }

    /// <summary>What its owner calls it.</summary>
    public string? Name { get; init; }

    /// <summary>What it works on.</summary>
    public JobKind Kind { get; init; }

    /// <summary>Where it stands.</summary>
    public JobState State { get; init; }

    /// <summary>Number of the latest change of state or progress; each later one has a higher one.</summary>
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

    /// <summary>How often it began or went on.</summary>
    public int Starts { get; init; }

    /// <summary>Attempts of blocks that were lost with their silos.</summary>
    public int AttemptsLost { get; init; }

    /// <summary>Share of the work that was done again after a loss.</summary>
    public double Redone { get; init; }

    /// <summary>Share of the work that lost attempts had done since their last checkpoints: the most that may be redone.</summary>
    public double Unsaved { get; init; }

    /// <summary>Coordinators that the job has had.</summary>
    public int Coordinators { get; init; }

    /// <summary>The silos that took part.</summary>
    public IReadOnlyList<SiloPart> Silos { get; init; } = [];

    /// <summary>The files it made; <c>/v1/jobs/ID/files/NAME</c> gives them.</summary>
    public IReadOnlyList<FileView> Files { get; init; } = [];

    /// <summary>Its states so far, the present one last.</summary>
    public IReadOnlyList<JobChange> History { get; init; } = [];
}

/// <summary>A file of a job as the API shows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">Length.</param>
public sealed record FileView(string Name, long Bytes);

/// <summary>A job in a list.</summary>
/// <param name="Id">The job.</param>
/// <param name="Name">What its owner calls it.</param>
/// <param name="Kind">What it works on.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Owner">The key that it was submitted with.</param>
/// <param name="Priority">Higher ones go first.</param>
/// <param name="Submitted">When it was submitted.</param>
/// <param name="Ended">When it ended.</param>
/// <param name="Done">Estimated share of the work done, 0 to 1.</param>
/// <param name="Rate">Floating-point operations a second, lately.</param>
/// <param name="SecondsLeft">Estimated seconds of work left.</param>
/// <param name="Error">Why it failed, in one sentence.</param>
public sealed record JobSummary(
    Guid Id, string? Name, JobKind Kind, JobState State, string Owner, int Priority, DateTimeOffset Submitted,
    DateTimeOffset? Ended, double Done, double Rate, double? SecondsLeft, string? Error);

/// <summary>Some jobs, the youngest first.</summary>
/// <param name="Jobs">The jobs.</param>
/// <param name="Next">What to give as <c>after</c> for those that follow; null when none do.</param>
public sealed record JobPage(IReadOnlyList<JobSummary> Jobs, Guid? Next);

/// <summary>Which jobs to list.</summary>
/// <param name="States">In these states; none = in all.</param>
/// <param name="Owner">Of this key; null = of all.</param>
/// <param name="Name">Of this name; null = of all.</param>
/// <param name="After">Older than this one; null = from the youngest.</param>
/// <param name="Limit">How many at most.</param>
public sealed record JobQuery(IReadOnlyList<JobState> States, string? Owner, string? Name, Guid? After, int Limit);
