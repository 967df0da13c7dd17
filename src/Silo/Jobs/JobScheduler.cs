using System.Diagnostics;
using Distributed.Engine;
using Distributed.Engine.Files;
using Distributed.Engine.Telemetry;
using Distributed.Silo.Telemetry;

namespace Distributed.Silo.Jobs;

/// <summary>Starts jobs in their order when there is room, follows them to their ends, and lets old ones go.</summary>
internal sealed partial class JobScheduler(JobQueueOptions options, JobBoard board, JobKeeper keeper, ILogger log) : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1), Tick = TimeSpan.FromMilliseconds(500), FirstTick = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan DiskPause = TimeSpan.FromSeconds(5), Retains = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _wake = new(0);
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _following = [];
    private readonly JobOrdering _ordering = new();
    private Task _loop = Task.CompletedTask;
    private QueueMetrics? _metrics;
    private volatile bool _left, _disposed;
    private DateTimeOffset _retained;

    /// <summary>What changes jobs.</summary>
    public JobKeeper Keeper => keeper;

    /// <summary>Whether no more jobs are taken.</summary>
    public bool Draining => _stop.IsCancellationRequested;

    public void Begin()
    {
        _metrics = new QueueMetrics(board.Count);
        _loop = Task.Run(LoopAsync);
    }

    /// <summary>Looks at once whether something can be started.</summary>
    public void Wake() => _wake.Release();

    /// <summary>Starts nothing more and follows nothing more; what runs goes on.</summary>
    public async Task LeaveAsync()
    {
        _left = true;
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
    }

    public async Task DrainAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        if (_left)
            return;
        foreach (Job job in board.In(JobState.Running, JobState.Pausing, JobState.Cancelling))
            job.Run?.Suspend();
        Task[] following;
        lock (_following)
            following = [.. _following];
        await Task.WhenAll(following).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        _metrics?.Dispose();
        await DrainAsync().ConfigureAwait(false);
        _stop.Dispose();
        _wake.Dispose();
    }

    private async Task LoopAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                while (!_stop.IsCancellationRequested && await StartNextAsync().ConfigureAwait(false))
                {
                }
                await RetainAsync().ConfigureAwait(false);
                await _wake.WaitAsync(Look, _stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (SupersededException error)
            {
                LeaveTo(error);
                return;
            }
            catch (IOException error)
            {
                LogLater(log, error.Message);
                await Task.Delay(Look).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Starts the job whose turn it is.</summary>
    /// <returns>Whether one was started.</returns>
    private async Task<bool> StartNextAsync()
    {
        IReadOnlyList<Job> atWork = board.In(JobState.Running, JobState.Pausing, JobState.Cancelling);
        Job? job = _ordering.Next(board.In(JobState.Waiting).Where(job => job.NotBefore <= DateTimeOffset.UtcNow), atWork);
        if (job is null)
            return false;
        if (WhyNot(job, atWork) is { } why)
        {
            job.Show(job.Record.Progress, why);
            return false;
        }
        JobRecord? begun = await keeper.MoveAsync(job, record => record.State != JobState.Waiting
            ? null
            : record.In(JobState.Running, DateTimeOffset.UtcNow) with { Starts = record.Starts + 1 }).ConfigureAwait(false);
        if (begun is null)
            return true;
        _ordering.Took(begun.Owner);
        _metrics?.Started(begun);
        using Activity? trace = EngineTraces.Queue(begun.Trace, QueueMetrics.WaitingSince(begun));
        IJobRun run = await Task.Run(() => Start(begun)).ConfigureAwait(false);
        job.Run = run;
        // What was asked for while it was not there yet.
        if (job.Record.State == JobState.Cancelling)
            run.Cancel();
        else if (job.Record.State == JobState.Pausing)
            run.Suspend();
        lock (_following)
        {
            _following.RemoveAll(following => following.IsCompleted);
            _following.Add(Task.Run(() => FollowAsync(job, run)));
        }
        return true;
    }

    private IJobRun Start(JobRecord job)
    {
        try
        {
            keeper.Sources.CheckAgain(job);
            return keeper.Runner.Start(job);
        }
        catch (InputException error)
        {
            return new RefusedRun(new RunEnd(RunOutcome.Failed, [], error.Message, IsInputError: true));
        }
        catch (IOException error)
        {
            return new RefusedRun(new RunEnd(DiskFullException.Is(error) ? RunOutcome.DiskFull : RunOutcome.Failed, [], error.Message));
        }
    }

    private string? WhyNot(Job job, IReadOnlyList<Job> atWork)
    {
        if (atWork.Count >= options.AtOnce)
            return $"{atWork.Count} jobs are computed, which is as many as may be at a time.";
        long used = atWork.Sum(other => other.Record.MemoryBytes);
        return used + job.Record.MemoryBytes <= options.MemoryBytes
            ? null
            : $"It needs {Gigabytes(job.Record.MemoryBytes)} GB of memory on each silo; {Gigabytes(used)} of {Gigabytes(options.MemoryBytes)} GB are in use.";
    }

    private async Task FollowAsync(Job job, IJobRun run)
    {
        try
        {
            await FollowToEndAsync(job, run).ConfigureAwait(false);
        }
        catch (SupersededException error)
        {
            LeaveTo(error);
        }
    }

    // The jobs are the other queue's now: it follows them, and whatever it asks of their runs counts.
    private void LeaveTo(SupersededException other)
    {
        _left = true;
        LogLeft(log, other.Message);
    }

    private async Task FollowToEndAsync(Job job, IJobRun run)
    {
        // Often at first: whoever looks after the loss of a silo wants to know how the job stands, and short jobs are short.
        for (TimeSpan pause = FirstTick; !run.Ended.IsCompleted; pause = pause * 2 < Tick ? pause * 2 : Tick)
        {
            if (_left)
                return;
            await Task.WhenAny(run.Ended, Task.Delay(pause)).ConfigureAwait(false);
            job.Show(run.Progress);
        }
        RunEnd end = await run.Ended.ConfigureAwait(false);
        double seconds = job.RunSeconds;
        await keeper.KeepTimelineAsync(job.Id, run).ConfigureAwait(false);
        // Before the end is told: a resumed job's next run must not be taken for this one.
        job.Run = null;
        await keeper.MoveForSureAsync(job, record => After(record, end, run.Progress) is { } next
            ? next with { Seconds = record.Seconds + seconds } : null).ConfigureAwait(false);
        if (end.Outcome == RunOutcome.DiskFull)
        {
            job.NotBefore = DateTimeOffset.UtcNow + DiskPause;
            job.Show(job.Record.Progress, "The disk is full; the job goes on when there is room.");
        }
        if (job.Record.State.HasEnded())
        {
            LogEnded(log, job.Id, job.Record.State, job.Record.Error);
            await ClearAsync(job).ConfigureAwait(false);
        }
        Wake();
    }

    private JobRecord After(JobRecord record, RunEnd end, RunProgress progress)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        JobState next = end.Outcome switch
        {
            RunOutcome.Finished => JobState.Finished,
            RunOutcome.Failed => JobState.Failed,
            RunOutcome.Cancelled => JobState.Cancelled,
            // Stopped, or no room: what the job was asked to become, or back into the queue.
            _ => record.State.AfterLoss(),
        };
        return record.In(next, now) with
        {
            Progress = progress,
            Files = next == JobState.Finished ? keeper.Files(record.Id, end.Files) : [],
            Error = next == JobState.Failed && end.Error is { } error ? keeper.Sources.Told(record.Id, error) : null,
            IsInputError = next == JobState.Failed && end.IsInputError,
        };
    }

    private async Task ClearAsync(Job job)
    {
        try
        {
            await keeper.ClearAsync(job).ConfigureAwait(false);
        }
        catch (IOException error)
        {
            // What is left is swept at the next start.
            LogLater(log, error.Message);
        }
    }

    private async Task RetainAsync()
    {
        if (options.KeepsFor is not { } keeps || DateTimeOffset.UtcNow - _retained < (keeps < Retains ? keeps : Retains))
            return;
        _retained = DateTimeOffset.UtcNow;
        foreach (Job job in board.In(JobState.Finished, JobState.Failed, JobState.Cancelled).Where(job => job.Record.Ended < _retained - keeps))
        {
            await keeper.RemoveAsync(job).ConfigureAwait(false);
            board.Remove(job);
        }
    }

    private static string Gigabytes(long bytes) => (bytes / 1e9).ToString("0.0##", System.Globalization.CultureInfo.InvariantCulture);

    [LoggerMessage(Level = LogLevel.Information, Message = "Job {Job} is {State}. {Why}")]
    private static partial void LogEnded(ILogger log, Guid job, JobState state, string? why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "This queue ends: {Why}")]
    private static partial void LogLeft(ILogger log, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "The queue could not be looked after just now: {Why}")]
    private static partial void LogLater(ILogger log, string why);
}
