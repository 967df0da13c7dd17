namespace Distributed.Silo.Jobs;

/// <summary>Where a job stands. docs/api.md draws the machine; <see cref="JobStates"/> is it.</summary>
public enum JobState
{
    /// <summary>It is in the queue.</summary>
    Waiting,

    /// <summary>It is being computed.</summary>
    Running,

    /// <summary>It is asked to pause, and is being saved.</summary>
    Pausing,

    /// <summary>It is saved, and is not computed until it is resumed.</summary>
    Paused,

    /// <summary>It is asked to end without a result.</summary>
    Cancelling,

    /// <summary>Its result is there.</summary>
    Finished,

    /// <summary>It ended with an error.</summary>
    Failed,

    /// <summary>It ended without a result because it was asked to.</summary>
    Cancelled,
}

/// <summary>Which state may follow which.</summary>
public static class JobStates
{
    /// <summary>Whether nothing more will come of it.</summary>
    public static bool HasEnded(this JobState state) => state is JobState.Finished or JobState.Failed or JobState.Cancelled;

    /// <summary>Whether it takes memory and threads.</summary>
    public static bool IsAtWork(this JobState state) => state is JobState.Running or JobState.Pausing or JobState.Cancelling;

    /// <summary>Whether <paramref name="next"/> may follow.</summary>
    public static bool MayBecome(this JobState state, JobState next) => state switch
    {
        JobState.Waiting => next is JobState.Running or JobState.Paused or JobState.Cancelled or JobState.Failed,
        // Back to waiting: the server stops, or the disk is full.
        JobState.Running => next is JobState.Waiting or JobState.Pausing or JobState.Cancelling or JobState.Finished or JobState.Failed,
        JobState.Pausing => next is JobState.Paused or JobState.Cancelling or JobState.Finished or JobState.Failed,
        JobState.Paused => next is JobState.Waiting or JobState.Cancelled,
        JobState.Cancelling => next is JobState.Cancelled or JobState.Finished or JobState.Failed,
        _ => false,
    };

    /// <summary>What a job is when its server was lost in this state: nothing computes it, and what was asked for holds.</summary>
    public static JobState AfterLoss(this JobState state) => state switch
    {
        JobState.Running => JobState.Waiting,
        JobState.Pausing => JobState.Paused,
        JobState.Cancelling => JobState.Cancelled,
        _ => state,
    };
}
