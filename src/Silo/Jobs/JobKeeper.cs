using Distributed.Engine.Checkpoints;
using Distributed.Silo.Storage;

namespace Distributed.Silo.Jobs;

/// <summary>Changes jobs on disk, and then in memory: never the other way round.</summary>
internal sealed partial class JobKeeper(DataFolder data, JobRecords records, JobSources sources, IJobRunner runner, ILogger log)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>What computes jobs.</summary>
    public IJobRunner Runner => runner;

    /// <summary>What the blocks of jobs did.</summary>
    public JobTimelines Timelines { get; } = new(data);

    /// <summary>What makes paths of references.</summary>
    public JobSources Sources => sources;

    /// <summary>Changes a job's record.</summary>
    /// <param name="job">The job.</param>
    /// <param name="change">Makes the next record of the present one; null = leave it.</param>
    /// <returns>The next record; null when it was left.</returns>
    /// <exception cref="IOException">The disk failed; the job is as it was.</exception>
    public async Task<JobRecord?> MoveAsync(Job job, Func<JobRecord, JobRecord?> change)
    {
        await job.Gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (job.Removed || change(job.Record) is not { } next)
                return null;
            await Task.Run(() => records.Write(next)).ConfigureAwait(false);
            job.Show(next);
            return next;
        }
        finally
        {
            job.Gate.Release();
        }
    }

    /// <summary>The same, again and again until the disk takes it: what has happened to a run must not be forgotten.</summary>
    public async Task<JobRecord?> MoveForSureAsync(Job job, Func<JobRecord, JobRecord?> change)
    {
        while (true)
        {
            try
            {
                return await MoveAsync(job, change).ConfigureAwait(false);
            }
            catch (IOException error)
            {
                LogCannotWrite(log, job.Id, error.Message);
                await Task.Delay(Pause).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Keeps what the blocks of a run did; a disk that is full is no reason to hold up the job.</summary>
    public async Task KeepTimelineAsync(Guid job, IJobRun run)
    {
        try
        {
            if (await run.BlocksAsync().ConfigureAwait(false) is { } blocks)
                await Task.Run(() => Timelines.Write(job, blocks)).ConfigureAwait(false);
        }
        catch (IOException error)
        {
            LogNoTimeline(log, job, error.Message);
        }
    }

    /// <summary>Takes away what a job needs no more once it has ended.</summary>
    public async Task ClearAsync(Job job)
    {
        await runner.ForgetAsync(job.Id).ConfigureAwait(false);
        await Task.Run(() => JobFolders.Remove(data.WorkOf(job.Id))).ConfigureAwait(false);
        if (job.Record.State != JobState.Finished)
            await Task.Run(() => JobFolders.Remove(data.ResultsOf(job.Id))).ConfigureAwait(false);
    }

    /// <summary>Takes a job that has ended away, its record first: files without a record are swept, a record without files would lie.</summary>
    public async Task RemoveAsync(Job job)
    {
        await job.Gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (job.Removed)
                return;
            await Task.Run(() => records.Delete(job.Id)).ConfigureAwait(false);
            await Task.Run(() => Timelines.Delete(job.Id)).ConfigureAwait(false);
            job.Remove();
        }
        finally
        {
            job.Gate.Release();
        }
        await runner.ForgetAsync(job.Id).ConfigureAwait(false);
        await Task.Run(() => JobFolders.Remove(data.WorkOf(job.Id))).ConfigureAwait(false);
        await Task.Run(() => JobFolders.Remove(data.ResultsOf(job.Id))).ConfigureAwait(false);
    }

    /// <summary>The files that a run has made, as the record has them.</summary>
    public IReadOnlyList<JobFile> Files(Guid job, IEnumerable<string> paths) =>
    [
        .. paths.Select(path => new JobFile(
            Path.GetFileName(path), new FileInfo(path).Length, path,
            path.StartsWith(data.ResultsOf(job) + "/", StringComparison.Ordinal))),
    ];

    /// <summary>Where a job's results go.</summary>
    public string ResultsOf(Guid job) => data.ResultsOf(job);

    [LoggerMessage(Level = LogLevel.Warning, Message = "What the blocks of job {Job} did could not be kept: {Why}")]
    private static partial void LogNoTimeline(ILogger log, Guid job, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "The record of job {Job} cannot be written, and will be tried again: {Why}")]
    private static partial void LogCannotWrite(ILogger log, Guid job, string why);
}
