using System.Diagnostics;
using Distributed.Engine.Checkpoints;
using Distributed.Engine.Timelines;
using Distributed.Silo.Access;
using Distributed.Silo.Http;
using Distributed.Silo.Storage;

namespace Distributed.Silo.Jobs;

/// <summary>
/// The jobs of one owner of a data folder: takes them on, computes them in turn, and keeps their records. Whatever it
/// reports is on disk.
/// </summary>
internal sealed partial class JobQueue : IJobService, IAsyncDisposable
{
    private readonly JobQueueOptions _options;
    private readonly DataFolder _data;
    private readonly JobSources _sources;
    private readonly JobRecords _records;
    private readonly JobScheduler _scheduler;
    private readonly IJobRunner _runner;
    private readonly JobBoard _board = new();
    private readonly Dictionary<(string Owner, string Key), Task<(JobSnapshot Job, bool IsNew)>> _submissions = [];
    private readonly ILogger _log;

    /// <summary>Puts it together; <see cref="OpenAsync"/> begins.</summary>
    public JobQueue(JobQueueOptions options, DataFolder data, JobSources sources, IJobRunner runner, ILogger<JobQueue> log)
    {
        (_options, _data, _sources, _runner, _log) = (options, data, sources, runner, log);
        _records = new JobRecords(data);
        _scheduler = new JobScheduler(options, _board, new JobKeeper(data, _records, sources, runner, log), log);
    }

    /// <summary>Whether another queue has the records by now: what this one says may be out of date, and it can change nothing.</summary>
    public bool Superseded => _records.Superseded;

    /// <summary>Takes over the records, takes up what was lost in the middle, clears up behind it, and begins to compute.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public async Task OpenAsync()
    {
        await Task.Run(_records.Claim).ConfigureAwait(false);
        IReadOnlyList<JobRecord> records = await Task.Run(() => _records.Load(_options.LeftBehindAfter)).ConfigureAwait(false);
        foreach (JobRecord record in records)
        {
            JobState state = record.State.AfterLoss();
            JobRecord now = state == record.State ? record : record.In(state, DateTimeOffset.UtcNow);
            if (now != record)
                await Task.Run(() => _records.Write(now)).ConfigureAwait(false);
            _board.Add(new Job(now));
        }
        await SweepAsync().ConfigureAwait(false);
        _scheduler.Begin();
    }

    /// <summary>Leaves the jobs to another owner of the folder, who finds them at work.</summary>
    public Task LeaveAsync() => _scheduler.LeaveAsync();

    /// <summary>Takes no more jobs, and stops those that are computed so that they can be gone on with.</summary>
    public Task DrainAsync() => _scheduler.DrainAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _scheduler.DisposeAsync().ConfigureAwait(false);

    /// <inheritdoc/>
    public Task<(JobSnapshot Job, bool IsNew)> SubmitAsync(JobOrder order)
    {
        ArgumentNullException.ThrowIfNull(order);
        if (_scheduler.Draining)
            throw new RefusedException(Refusal.Draining, "The server is about to stop and takes no more jobs; submit it again when it is back.");
        if (order.IdempotencyKey is not { } key)
            return TakeOnAsync(order);
        // Two requests with one key at the same time are one job, too.
        lock (_submissions)
        {
            if (_board.FindByKey(order) is { } known)
                return Task.FromResult((known.Snapshot, false));
            if (_submissions.ContainsKey((order.Caller.Name, key)))
                throw new RefusedException(Refusal.WrongState, $"A request with idempotency key '{key}' is under way; ask again when it has been answered.");
            Task<(JobSnapshot Job, bool IsNew)> submission = TakeOnAsync(order);
            _submissions[(order.Caller.Name, key)] = submission;
            _ = submission.ContinueWith(_ => Forget((order.Caller.Name, key)), TaskScheduler.Default);
            return submission;
        }
    }

    /// <inheritdoc/>
    public Task<JobSnapshot?> FindAsync(Guid job) => Task.FromResult(_board.Find(job)?.Snapshot);

    /// <inheritdoc/>
    public Task<JobPage> ListAsync(JobQuery query) => Task.FromResult(_board.List(query));

    /// <inheritdoc/>
    public async Task<JobSnapshot?> WhenChangedAsync(Guid job, long after, TimeSpan patience, CancellationToken cancellation)
    {
        if (_board.Find(job) is not { } found)
            return null;
        Task changed = found.Changed;
        if (found.Snapshot.Status.Revision <= after)
            await Task.WhenAny(changed, Task.Delay(patience, cancellation)).ConfigureAwait(false);
        return found.Removed ? null : found.Snapshot;
    }

    /// <inheritdoc/>
    public async Task<JobBlocks?> BlocksAsync(Guid job) =>
        _board.Find(job) is not { } found ? null
        : found.Run is { } run ? await run.BlocksAsync().ConfigureAwait(false)
        : await Task.Run(() => _scheduler.Keeper.Timelines.Read(job)).ConfigureAwait(false);

    /// <inheritdoc/>
    public Task<JobSnapshot> PauseAsync(Guid job, Caller caller) => ChangeAsync(job, caller, "paused", state => state switch
    {
        JobState.Waiting => JobState.Paused,
        JobState.Running => JobState.Pausing,
        JobState.Pausing or JobState.Paused => null,
        _ => throw Wrong(job, state, "paused"),
    });

    /// <inheritdoc/>
    public Task<JobSnapshot> ResumeAsync(Guid job, Caller caller) => ChangeAsync(job, caller, "resumed", state => state switch
    {
        JobState.Paused => JobState.Waiting,
        JobState.Waiting or JobState.Running => null,
        _ => throw Wrong(job, state, "resumed"),
    });

    /// <inheritdoc/>
    public Task<JobSnapshot> CancelAsync(Guid job, Caller caller) => ChangeAsync(job, caller, "cancelled", state => state switch
    {
        JobState.Waiting or JobState.Paused => JobState.Cancelled,
        JobState.Running or JobState.Pausing => JobState.Cancelling,
        _ => null,
    });

    /// <inheritdoc/>
    public async Task<JobSnapshot?> RemoveAsync(Guid job, Caller caller)
    {
        Job found = Find(job, caller, "removed");
        if (!found.Record.State.HasEnded())
            return await CancelAsync(job, caller).ConfigureAwait(false);
        await _scheduler.Keeper.RemoveAsync(found).ConfigureAwait(false);
        _board.Remove(found);
        return null;
    }

    /// <inheritdoc/>
    public Task<JobPaths?> PathsAsync(Guid job) => Task.FromResult(
        _board.Find(job)?.Record is { } record ? new JobPaths(record.Kind, record.Specification, record.Resolved, record.Files) : null);

    /// <inheritdoc/>
    public Task<QueueStatus> StatusAsync() => Task.FromResult(new QueueStatus(
        _board.Count(), _board.In(JobState.Running, JobState.Pausing, JobState.Cancelling).Sum(job => job.Record.MemoryBytes),
        _options.MemoryBytes, _options.AtOnce, _scheduler.Draining));

    private async Task<(JobSnapshot Job, bool IsNew)> TakeOnAsync(JobOrder order)
    {
        Check(order);
        var id = Guid.CreateVersion7();
        try
        {
            (JobKind kind, string resolved) = await Task.Run(() => _sources.Resolve(id, order.Specification)).ConfigureAwait(false);
            JobNeeds needs = await _runner.ExamineAsync(id, kind, resolved).ConfigureAwait(false);
            if (needs.MemoryBytes > _options.MemoryBytes)
            {
                throw new RefusedException(
                    Refusal.CannotFit, $"The job needs {Gigabytes(needs.MemoryBytes)} GB of memory on each silo ({needs.Arithmetic}); the limit is {Gigabytes(_options.MemoryBytes)} GB.");
            }
            DateTimeOffset now = DateTimeOffset.UtcNow;
            long revision = JobRecord.NextRevision(0, now);
            var job = new Job(new JobRecord
            {
                Id = id,
                Kind = kind,
                Owner = order.Caller.Name,
                Name = order.Name,
                Priority = order.Priority,
                State = JobState.Waiting,
                Revision = revision,
                Submitted = now,
                Specification = order.Specification,
                Resolved = resolved,
                Plan = needs.Plan,
                MemoryBytes = needs.MemoryBytes,
                IdempotencyKey = order.IdempotencyKey,
                Digest = JobBoard.DigestOf(order),
                Trace = Activity.Current?.Id,
                History = [new JobChange(revision, JobState.Waiting, now)],
            });
            await Task.Run(() => _records.Write(job.Record)).ConfigureAwait(false);
            _board.Add(job);
            LogTaken(_log, id, order.Caller.Name);
            _scheduler.Wake();
            return (job.Snapshot, true);
        }
        catch (Exception error)
        {
            JobFolders.Remove(_data.WorkOf(id));
            JobFolders.Remove(_data.ResultsOf(id));
            if (error is Engine.InputException)
                throw new Engine.InputException(_sources.Told(id, error.Message), error);
            throw;
        }
    }

    private void Check(JobOrder order)
    {
        if (order.Priority is < -100 or > 100)
            throw new Engine.InputException($"Priority {order.Priority} is out of range; -100 to 100 is expected.");
        if (order.Name is { } name && (name.Length is 0 or > 200 || name.Any(char.IsControl)))
            throw new Engine.InputException("The name of the job cannot be used; 1 to 200 characters without control characters are expected.");
        if (order.IdempotencyKey is { Length: 0 or > 200 })
            throw new Engine.InputException("The idempotency key cannot be used; 1 to 200 characters are expected.");
        int queued = _board.In(JobState.Waiting, JobState.Paused, JobState.Running).Count(job => job.Record.Owner == order.Caller.Name);
        if (queued >= _options.MostPerKey)
            throw new RefusedException(Refusal.TooMany, $"Key '{order.Caller.Name}' has {queued} jobs in the queue; at most {_options.MostPerKey} are expected.");
    }

    private async Task<JobSnapshot> ChangeAsync(Guid id, Caller caller, string done, Func<JobState, JobState?> next)
    {
        Job job = Find(id, caller, done);
        JobRecord? changed = await _scheduler.Keeper.MoveAsync(job, record => next(record.State) is { } state
            ? record.In(state, DateTimeOffset.UtcNow) : null).ConfigureAwait(false);
        if (changed?.State is JobState.Pausing)
            job.Run?.Suspend();
        else if (changed?.State is JobState.Cancelling)
            job.Run?.Cancel();
        else if (changed?.State is JobState.Cancelled)
            await _scheduler.Keeper.ClearAsync(job).ConfigureAwait(false);
        _scheduler.Wake();
        return job.Snapshot;
    }

    private Job Find(Guid id, Caller caller, string done)
    {
        Job job = _board.Find(id) ?? throw new RefusedException(Refusal.NoSuchJob, $"There is no job {id}.");
        return caller.MayChange(job.Record.Owner)
            ? job
            : throw new RefusedException(Refusal.NotAllowed, $"Job {id} belongs to key '{job.Record.Owner}'; it can be {done} by that key or an admin's.");
    }

    private static RefusedException Wrong(Guid job, JobState state, string done) =>
        new(Refusal.WrongState, $"Job {job} is {state.ToString().ToLowerInvariant()} and cannot be {done}.");

    private async Task SweepAsync()
    {
        foreach (Guid id in await Task.Run(_runner.Kept).ConfigureAwait(false))
        {
            if (_board.Find(id)?.Record is not { } record || record.State.HasEnded())
                await _runner.ForgetAsync(id).ConfigureAwait(false);
        }
        await Task.Run(SweepFolders).ConfigureAwait(false);
    }

    private void SweepFolders()
    {
        foreach (string folder in new[] { _data.Work, _data.Results }.SelectMany(Directory.EnumerateDirectories))
        {
            bool known = Guid.TryParseExact(Path.GetFileName(folder), "n", out Guid id) && _board.Find(id)?.Record is { } record
                && (!record.State.HasEnded() || (record.State == JobState.Finished && folder == _data.ResultsOf(id)));
            if (!known && Directory.GetLastWriteTimeUtc(folder) <= DateTime.UtcNow - _options.LeftBehindAfter)
                JobFolders.Remove(folder);
        }
        _scheduler.Keeper.Timelines.Sweep(id => _board.Find(id) is not null);
        // What a lost run wrote of an output that never got its name; a new run makes it anew.
        foreach (string half in Directory.EnumerateFiles(_data.Results, "*.partial", SearchOption.AllDirectories))
        {
            if (File.GetLastWriteTimeUtc(half) <= DateTime.UtcNow - _options.LeftBehindAfter)
                File.Delete(half);
        }
    }

    private void Forget((string Owner, string Key) key)
    {
        lock (_submissions)
            _submissions.Remove(key);
    }

    private static string Gigabytes(long bytes) => (bytes / 1e9).ToString("0.0##", System.Globalization.CultureInfo.InvariantCulture);

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {Job} of key {Owner} is taken on.")]
    private static partial void LogTaken(ILogger log, Guid job, string owner);
}
