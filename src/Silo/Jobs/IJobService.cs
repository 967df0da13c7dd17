using Distributed.Engine.Timelines;
using Distributed.Silo.Access;
using Distributed.Silo.Http;

namespace Distributed.Silo.Jobs;

/// <summary>
/// The jobs of a server or of a cluster: what the API, the dashboard and other pages go to. Every change is on disk before
/// it is reported.
/// </summary>
public interface IJobService
{
    /// <summary>Takes a job on.</summary>
    /// <returns>The job, and whether it is new: the same idempotency key gives the same job.</returns>
    /// <exception cref="RefusedException">It cannot be taken on.</exception>
    /// <exception cref="Engine.InputException">It cannot be run.</exception>
    Task<(JobSnapshot Job, bool IsNew)> SubmitAsync(JobOrder order);

    /// <summary>A job; null when there is none.</summary>
    Task<JobSnapshot?> FindAsync(Guid job);

    /// <summary>Some jobs.</summary>
    Task<JobPage> ListAsync(JobQuery query);

    /// <summary>Waits until a job has a later revision than the given one.</summary>
    /// <param name="job">The job.</param>
    /// <param name="after">The revision.</param>
    /// <param name="patience">How long to wait at most.</param>
    /// <param name="cancellation">Nobody waits any more.</param>
    /// <returns>The job as it is then, whether or not it has changed; null when there is none.</returns>
    Task<JobSnapshot?> WhenChangedAsync(Guid job, long after, TimeSpan patience, CancellationToken cancellation);

    /// <summary>What a job's blocks are doing, or did until it ended; null when it has computed none.</summary>
    Task<JobBlocks?> BlocksAsync(Guid job);

    /// <summary>Stops a job so that it can be resumed. One that is paused already is left as it is.</summary>
    /// <exception cref="RefusedException">There is no such job, it has ended, or the caller may not.</exception>
    Task<JobSnapshot> PauseAsync(Guid job, Caller caller);

    /// <summary>Puts a paused job into the queue again. One that waits or runs is left as it is.</summary>
    /// <exception cref="RefusedException">There is no such job, it has ended, or the caller may not.</exception>
    Task<JobSnapshot> ResumeAsync(Guid job, Caller caller);

    /// <summary>Ends a job without a result. One that has ended is left as it is.</summary>
    /// <exception cref="RefusedException">There is no such job, or the caller may not.</exception>
    Task<JobSnapshot> CancelAsync(Guid job, Caller caller);

    /// <summary>Takes a job that has ended away, with the files that the server keeps of it; cancels one that has not.</summary>
    /// <returns>The job when it is being cancelled; null when it is gone.</returns>
    /// <exception cref="RefusedException">There is no such job, or the caller may not.</exception>
    Task<JobSnapshot?> RemoveAsync(Guid job, Caller caller);

    /// <summary>What a job reads and what it made, by paths on the server; null when there is none.</summary>
    Task<JobPaths?> PathsAsync(Guid job);

    /// <summary>The queue in numbers.</summary>
    Task<QueueStatus> StatusAsync();
}

/// <summary>A job as it comes in.</summary>
/// <param name="Specification">Its document.</param>
/// <param name="Name">What its owner calls it.</param>
/// <param name="Priority">Higher ones go first, −100 to 100.</param>
/// <param name="IdempotencyKey">What tells a repetition of the request from another job; null = every request is another.</param>
/// <param name="Caller">Who submits it.</param>
public sealed record JobOrder(string Specification, string? Name, int Priority, string? IdempotencyKey, Caller Caller);

/// <summary>What a job reads and what it made, by paths on the server.</summary>
/// <param name="Kind">What it works on.</param>
/// <param name="Submitted">Its specification as it was submitted.</param>
/// <param name="Resolved">The same with paths: of tensors, <see cref="Engine.FileJobs.Specification.SpecificationDocument"/> reads it.</param>
/// <param name="Files">The files it made; none before it has finished.</param>
public sealed record JobPaths(JobKind Kind, string Submitted, string Resolved, IReadOnlyList<JobFile> Files);

/// <summary>The queue in numbers.</summary>
/// <param name="Jobs">Jobs in each state.</param>
/// <param name="MemoryUsed">Estimated bytes of the jobs at work, on each silo.</param>
/// <param name="MemoryLimit">Bytes that jobs may take on each silo.</param>
/// <param name="AtOnce">Jobs computed at a time, at most.</param>
/// <param name="Draining">Whether the server is about to stop.</param>
public sealed record QueueStatus(
    IReadOnlyDictionary<JobState, int> Jobs, long MemoryUsed, long MemoryLimit, int AtOnce, bool Draining);
