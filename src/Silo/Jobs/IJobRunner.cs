using Distributed.Engine.FileJobs.Durable;
using Distributed.Engine.Timelines;

namespace Distributed.Silo.Jobs;

/// <summary>Computes jobs: in this process, or on a cluster. It keeps what it needs to go on with a job in the job's work folder.</summary>
public interface IJobRunner
{
    /// <summary>Checks a job as far as that can be done without computing, and says what it needs.</summary>
    /// <exception cref="Engine.InputException">It cannot be run.</exception>
    Task<JobNeeds> ExamineAsync(Guid job, JobKind kind, string resolved);

    /// <summary>Begins a job, or goes on with it from where it was stopped or lost.</summary>
    IJobRun Start(JobRecord job);

    /// <summary>The jobs that it keeps something of.</summary>
    IReadOnlyList<Guid> Kept();

    /// <summary>Takes away what it keeps of a job that has ended, also what a lost run left of an output outside the data folder.</summary>
    Task ForgetAsync(Guid job);
}

/// <summary>A job that is being computed.</summary>
public interface IJobRun
{
    /// <summary>Ends when the run does; it never throws.</summary>
    Task<RunEnd> Ended { get; }

    /// <summary>How far the job is.</summary>
    RunProgress Progress { get; }

    /// <summary>How its blocks stand; null while there is no plan, and for a document.</summary>
    Task<JobBlocks?> BlocksAsync();

    /// <summary>Ends the run; what is done is saved, and another run can go on from there.</summary>
    void Suspend();

    /// <summary>Ends the run and the job.</summary>
    void Cancel();
}

/// <summary>What a job needs.</summary>
/// <param name="Plan">How it is cut; null for a document.</param>
/// <param name="MemoryBytes">About how much memory it takes on each silo.</param>
/// <param name="Arithmetic">How that comes about, for people.</param>
public sealed record JobNeeds(DurableJobPlan? Plan, long MemoryBytes, string Arithmetic);

/// <summary>How a run ended.</summary>
/// <param name="Outcome">How.</param>
/// <param name="Files">The files it made.</param>
/// <param name="Error">Why it failed, in one sentence.</param>
/// <param name="IsInputError">Whether the input or an option is to blame.</param>
public sealed record RunEnd(RunOutcome Outcome, IReadOnlyList<string> Files, string? Error = null, bool IsInputError = false);

/// <summary>How a run ended.</summary>
public enum RunOutcome
{
    /// <summary>The result is there.</summary>
    Finished,

    /// <summary>It was stopped; another run can go on.</summary>
    Stopped,

    /// <summary>It was cancelled.</summary>
    Cancelled,

    /// <summary>The disk is full; another run can go on when there is room.</summary>
    DiskFull,

    /// <summary>It failed.</summary>
    Failed,
}
