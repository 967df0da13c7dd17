using Distributed.Engine.FileJobs.Durable;

namespace Distributed.Silo.Jobs;

/// <summary>What is written down of a job, as a whole, with every change of its state.</summary>
public sealed record JobRecord
{
    /// <summary>The job.</summary>
    public required Guid Id { get; init; }

    /// <summary>What it works on.</summary>
    public required JobKind Kind { get; init; }

    /// <summary>The key that it was submitted with.</summary>
    public required string Owner { get; init; }

    /// <summary>What its owner calls it.</summary>
    public string? Name { get; init; }

    /// <summary>Higher ones go first.</summary>
    public int Priority { get; init; }

    /// <summary>Where it stands.</summary>
    public required JobState State { get; init; }

    /// <summary>Number of the change; each later one of the job has a higher one.</summary>
    public required long Revision { get; init; }

    /// <summary>When it was submitted.</summary>
    public required DateTimeOffset Submitted { get; init; }

    /// <summary>When it was first computed.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>The specification as it was submitted.</summary>
    public required string Specification { get; init; }

    /// <summary>The same with references replaced by paths.</summary>
    public required string Resolved { get; init; }

    /// <summary>W3C id of the span in which it was submitted; null = it was not traced.</summary>
    public string? Trace { get; init; }

    /// <summary>How it is cut, and what it needs; null for a document.</summary>
    public DurableJobPlan? Plan { get; init; }

    /// <summary>About how much memory it takes on each silo.</summary>
    public long MemoryBytes { get; init; }

    /// <summary>The idempotency key that it was submitted with.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>SHA-256 of what was submitted, for telling a repetition from another job.</summary>
    public required string Digest { get; init; }

    /// <summary>Why it failed, in one sentence.</summary>
    public string? Error { get; init; }

    /// <summary>Whether the input or an option is to blame.</summary>
    public bool IsInputError { get; init; }

    /// <summary>Seconds it was computed, in runs that have ended.</summary>
    public double Seconds { get; init; }

    /// <summary>How often it began or went on.</summary>
    public int Starts { get; init; }

    /// <summary>How far it was when it was last written down.</summary>
    public RunProgress Progress { get; init; } = new();

    /// <summary>The files it made.</summary>
    public IReadOnlyList<JobFile> Files { get; init; } = [];

    /// <summary>Its states so far, the present one last.</summary>
    public IReadOnlyList<JobChange> History { get; init; } = [];

    /// <summary>The same job in another state.</summary>
    /// <exception cref="InvalidOperationException">The state may not follow.</exception>
    public JobRecord In(JobState state, DateTimeOffset now) => State.MayBecome(state)
        ? this with
        {
            State = state,
            Revision = NextRevision(Revision, now),
            History = [.. History, new JobChange(NextRevision(Revision, now), state, now)],
            Started = state == JobState.Running ? Started ?? now : Started,
            Ended = state.HasEnded() ? now : null,
        }
        : throw new InvalidOperationException($"Job {Id} is {State} and cannot become {state}.");

    /// <summary>
    /// Revisions go up, also from one server to the next on the same folder: they are times in milliseconds, or one more
    /// than the last.
    /// </summary>
    public static long NextRevision(long last, DateTimeOffset now) => Math.Max(last + 1, now.ToUnixTimeMilliseconds());
}

/// <summary>What a job works on.</summary>
public enum JobKind
{
    /// <summary>Tensor files.</summary>
    Tensors,

    /// <summary>A text.</summary>
    Document,
}

/// <summary>A state that a job came to.</summary>
/// <param name="Revision">Number of the change.</param>
/// <param name="State">The state.</param>
/// <param name="At">When.</param>
public sealed record JobChange(long Revision, JobState State, DateTimeOffset At);

/// <summary>A file that a job made.</summary>
/// <param name="Name">Its name among the job's files.</param>
/// <param name="Bytes">Length.</param>
/// <param name="Path">Where it is on the server.</param>
/// <param name="Own">Whether it lies in the server's folder and goes with the job.</param>
public sealed record JobFile(string Name, long Bytes, string Path, bool Own);
