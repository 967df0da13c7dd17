using Orleans.Concurrency;

namespace Distributed.Grains.Jobs;

/// <summary>A job's coordinator. Its key is the job.</summary>
[Alias("distributed.job")]
public interface IJobGrain : IGrainWithGuidKey
{
    /// <summary>Takes a job on and begins it, or goes on with it when it was paused. Again with the same key does nothing.</summary>
    /// <param name="specification">The specification as JSON; its paths are those that every silo sees.</param>
    /// <returns>Null when it was taken on; otherwise what is wrong with it, in one sentence.</returns>
    [AlwaysInterleave]
    Task<string?> StartAsync(string specification);

    /// <summary>Goes on with a job that was begun and has not ended.</summary>
    [AlwaysInterleave]
    Task EnsureRunningAsync();

    /// <summary>How it stands; null when there is no such job.</summary>
    [AlwaysInterleave]
    Task<JobInfo?> GetAsync();

    /// <summary>What its blocks are doing or have done, as JSON (<see cref="Engine.Timelines.JobBlocks"/>); null while there is no plan.</summary>
    [AlwaysInterleave]
    Task<string?> GetBlocksAsync();

    /// <summary>How it stands once it has ended, or else after a moment; null when there is no such job.</summary>
    /// <param name="patience">The moment.</param>
    [AlwaysInterleave]
    Task<JobInfo?> WatchAsync(TimeSpan patience);

    /// <summary>Saves the job and stops it, until it is started again.</summary>
    [AlwaysInterleave]
    Task PauseAsync();

    /// <summary>Ends the job and takes away what it has made.</summary>
    [AlwaysInterleave]
    Task CancelAsync();
}
