using System.Text.Json;
using Distributed.Engine;
using Distributed.Engine.FileJobs.Specification;
using Distributed.Engine.Files;
using Distributed.Engine.Timelines;
using Distributed.Grains.Hosting;
using Distributed.Grains.Jobs;
using Distributed.Silo.Http;
using Distributed.Silo.Jobs;
using JobRecord = Distributed.Silo.Jobs.JobRecord;
using JobState = Distributed.Grains.Jobs.JobState;

namespace Distributed.Silo.Cluster.Queue;

/// <summary>A job that the cluster computes, followed from the silo that has the queue.</summary>
internal sealed class ClusterRun : IJobRun
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100), Look = TimeSpan.FromMilliseconds(250);
    private readonly JobRecord _job;
    private readonly IJobGrain _grain;
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile RunProgress _progress;
    private volatile bool _cancel;
    private bool _seen;

    public ClusterRun(JobRecord job, IJobGrain grain)
    {
        (_job, _grain, _progress) = (job, grain, job.Progress);
        Ended = Task.Run(RunAsync);
    }

    public Task<RunEnd> Ended { get; }

    public RunProgress Progress => _progress;

    public async Task<JobBlocks?> BlocksAsync() =>
        await _grain.GetBlocksAsync() is { } json ? JsonSerializer.Deserialize<JobBlocks>(json, ApiJson.Options) : null;

    public void Suspend() => _asked.TrySetResult();

    public void Cancel()
    {
        _cancel = true;
        _asked.TrySetResult();
    }

    private async Task<RunEnd> RunAsync()
    {
        try
        {
            return await FollowAsync();
        }
#pragma warning disable CA1031 // Whatever ends the run is the job's end, and is told to its owner.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return new RunEnd(DiskFullException.Is(error) ? RunOutcome.DiskFull : RunOutcome.Failed, [], error.Message, error is InputException);
        }
    }

    private async Task<RunEnd> FollowAsync()
    {
        string? wrong = await AskAsync(() => _grain.StartAsync(_job.Resolved));
        if (wrong is not null)
            return new RunEnd(RunOutcome.Failed, [], wrong, true);
        bool told = false;
        while (true)
        {
            if (_asked.Task.IsCompleted && !told)
            {
                await AskAsync(async () =>
                {
                    await (_cancel ? _grain.CancelAsync() : _grain.PauseAsync());
                    return true;
                });
                told = !_cancel || await AskAsync(() => _grain.GetAsync()) is { State: JobState.Cancelled or JobState.Finished or JobState.Failed };
            }
            Task<JobInfo?> looking = AskAsync(() => _grain.WatchAsync(_seen ? Look : TimeSpan.Zero));
            if (!told && await Task.WhenAny(looking, _asked.Task) != looking)
                continue;
            JobInfo? info = await looking;
            if (info is not null)
                _progress = ProgressOf(info);
            if (info is not null && EndOf(info) is { } end)
                return end;
            // Nothing is kept of it any more: another owner of the queue has seen it end.
            if ((told && !_cancel) || (info is null && _seen))
                return new RunEnd(RunOutcome.Stopped, []);
            _seen |= info is not null;
            if (info is null or { State: JobState.Waiting or JobState.Paused })
                await Task.Delay(Moment);
        }
    }

    private RunEnd? EndOf(JobInfo info) => info.State switch
    {
        JobState.Finished => new RunEnd(RunOutcome.Finished, [SpecificationDocument.Read(_job.Resolved).Output]),
        JobState.Cancelled => new RunEnd(RunOutcome.Cancelled, []),
        // Whoever asked for it has asked here; else a disk had no room.
        JobState.Paused when !_asked.Task.IsCompleted => new RunEnd(RunOutcome.DiskFull, [], info.Error),
        JobState.Failed => new RunEnd(RunOutcome.Failed, [], info.Error, info.IsInputError),
        _ => null,
    };

    private RunProgress ProgressOf(JobInfo info) => info.State is JobState.Waiting or JobState.Paused ? _progress : new RunProgress
    {
        Done = info.Done,
        Flops = info.Flops,
        PairsSeen = info.PairsSeen,
        Blocks = info.Blocks,
        BlocksFinished = info.BlocksFinished,
        AttemptsLost = info.AttemptsLost,
        Redone = info.Redone,
        Unsaved = info.Unsaved,
        Coordinators = info.Coordinators,
        Silos = [.. info.Silos.Select(silo => new SiloPart(silo.Silo, silo.Alive, silo.Running, silo.Finished, silo.Waiting, silo.LastFinished))],
    };

    /// <summary>Asks the coordinator until it answers: when its silo is lost, another one takes its place.</summary>
    private static async Task<T> AskAsync<T>(Func<Task<T>> ask)
    {
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (Exception error) when (CallFailure.Is(error))
            {
                await Task.Delay(Moment);
            }
        }
    }
}
