using System.Diagnostics;
using Distributed.Engine.Checkpoints;
using Distributed.Engine.FileJobs;
using Distributed.Engine.Files;
using Distributed.Engine.Telemetry;
using Distributed.Engine.Timelines;
using Distributed.Grains.Hosting;
using Distributed.Grains.Placement;
using Distributed.Grains.Silos;
using Distributed.Grains.Telemetry;
using Microsoft.Extensions.Logging;

namespace Distributed.Grains.Jobs;

/// <summary>
/// Drives a job to its end: gives blocks to silos, follows their attempts and the cluster's members, puts finished rows
/// into the output. It runs in its grain's turns, one step at a time, and does its disk work outside them.
/// </summary>
internal sealed partial class JobCoordinator : IDisposable
{
    private const int FailuresTaken = 3;
    private const int AttemptsPerEpoch = 1 << 20;

    /// <summary>Blocks that a silo has at hand, to begin without a word from here when one is finished.</summary>
    public const int BlocksAhead = 1;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    /// <summary>Between looks at members while every silo has as many blocks as it may: no other block can be given away.</summary>
    private static readonly TimeSpan Calm = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan FirstSilosWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AnySiloWithin = TimeSpan.FromSeconds(60);

    private readonly Guid _job;
    private readonly JobRecord _record;
    private readonly SiloEngine _engine;
    private readonly ClusterView _cluster;
    private readonly IGrainFactory _grains;
    private readonly ILogger _log;
    private readonly Dictionary<string, CoordinatedSilo> _silos = [];
    private readonly Dictionary<string, Task<CoordinatedSilo?>> _joining = [];
    private readonly List<Task> _following = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly JobTally _tally;
    private readonly TaskCompletionSource _told = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private BlockSchedule _schedule = null!;
    private JobTicket _ticket = null!;
    private Task _copying = Task.CompletedTask;
    private Exception? _failure;
    private int _failures, _attempts;
    private bool _cancelled, _paused;

    public JobCoordinator(
        Guid job, JobRecord record, SiloEngine engine, ClusterView cluster, IGrainFactory grains, ILogger log)
    {
        (_job, _record, _engine, _cluster, _grains, _log) = (job, record, engine, cluster, grains, log);
        _tally = new JobTally(job, record);
    }

    /// <summary>How the job stands.</summary>
    public JobInfo Info => _tally.Info(_silos.Values);

    /// <summary>Ends when <see cref="Info"/> tells how the job ended, or when the coordinator has ended without that.</summary>
    public Task Told => _told.Task;

    /// <summary>How its blocks stand; null before there is a plan.</summary>
    public JobBlocks? Blocks => _tally.Blocks;

    /// <summary>Ends the job without an output.</summary>
    public void Cancel()
    {
        _cancelled = true;
        _stop.Cancel();
    }

    /// <summary>Ends the coordinator, and the blocks once they are saved; the job goes on when it is started again.</summary>
    public void Pause()
    {
        _paused = true;
        _stop.Cancel();
    }

    /// <summary>Ends the coordinator but not the job: another one goes on.</summary>
    public void HandOver() => _stop.Cancel();

    /// <inheritdoc/>
    public void Dispose() => _stop.Dispose();

    /// <summary>Runs until the job has ended, or the coordinator is to end.</summary>
    public async Task RunAsync()
    {
        using Activity? trace = EngineTraces.Job(_record.Trace);
        using JobMeasure measure = EngineMetrics.Job("cluster");
        int epoch;
        try
        {
            epoch = await Task.Run(() => _engine.Store.ClaimEpoch(_job));
        }
        catch (IOException full) when (DiskFullException.Is(full))
        {
            await StallAsync(full);
            return;
        }
        if (epoch > 1)
            GrainsMetrics.TookOver();
        _ticket = new JobTicket(_job, epoch, _record.Specification, _record.Blocks, _record.RowsPerLane, _record.InputStamp, _record.UnlikeDevices);
        _tally.Begin(epoch);
        LogBegins(_log, _job, epoch);
        try
        {
            await Task.Run(() => _engine.Open(_ticket));
            using OpenJob job = _engine.Use(_job);
            using FileJobOutput output = await Task.Run(() => FileJobOutput.Create(
                job.Specification, job.Files, path => _engine.Store.BeginOutput(_job, epoch, path)));
            // A later one that looked for outputs between the note and the file has found nothing to take away.
            if (await Task.Run(() => _engine.Store.LatestEpoch(_job)) != epoch)
                throw new SupersededException($"A later coordinator of job {_job} than {epoch} is at work.");
            await ComputeAsync(job, output);
            await ShareSecondPassAsync(job, output);
            await Task.Run(() => output.CommitAsync(_engine.Pool, null, _stop.Token));
            await EndAsync(JobState.Finished, null, measure);
        }
        catch (Exception) when (_cancelled)
        {
            await EndAsync(JobState.Cancelled, null, measure);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            LogHandsOver(_log, _job, epoch);
            if (_paused)
            {
                await Task.WhenAll(_following).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
                await CloseAsync();
            }
        }
        catch (IOException full) when (DiskFullException.Is(full) && _engine.Store.LatestEpoch(_job) == epoch)
        {
            await StallAsync(full);
        }
        catch (Exception error) when (error is not SupersededException && _engine.Store.LatestEpoch(_job) == epoch)
        {
            trace?.SetStatus(ActivityStatusCode.Error, error.Message);
            await EndAsync(JobState.Failed, error, measure);
        }
        finally
        {
            _told.TrySetResult();
            await _stop.CancelAsync();
            await Task.WhenAll(_following.Append(_copying)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
    }

    private async Task ComputeAsync(OpenJob job, FileJobOutput output)
    {
        IReadOnlyList<FinishedBlock> finished = await Task.Run(() => _engine.Store.Finished(_job));
        _tally.Plan(job.Plan, finished);
        if (_ticket.Epoch == 1)
            EngineMetrics.Plans(job.Plan);
        _schedule = new BlockSchedule([.. job.Plan.Blocks.Select(block => block.Cost)], finished.Select(block => block.Block));
        foreach (FinishedBlock block in finished)
            Copy(job, output, block);
        await GatherAsync();
        while (!_schedule.AllFinished)
        {
            FollowMembers();
            FollowSpeeds(job);
            foreach (CoordinatedSilo silo in _silos.Values.Where(silo => silo.Alive))
                Employ(silo, job, output);
            await Task.WhenAny([Task.Delay(_silos.Values.All(IsFull) ? Calm : Tick, _stop.Token), .. _following]);
            foreach (Task ended in _following.Where(task => task.IsCompleted).ToArray())
            {
                _following.Remove(ended);
                await ended;
            }
            _stop.Token.ThrowIfCancellationRequested();
            if (_failure is { } failure)
                throw failure;
            if (_copying.IsFaulted)
                await _copying;
        }
        await _copying;
    }

    /// <summary>Waits for the silos that are there, finds what they compute for this job, and divides the blocks.</summary>
    private async Task GatherAsync()
    {
        using var enough = new CancellationTokenSource(FirstSilosWithin);
        do
        {
            FollowMembers();
            await Task.WhenAny(Task.WhenAll(_joining.Values), Task.Delay(Tick, _stop.Token));
            _stop.Token.ThrowIfCancellationRequested();
        }
        while (_joining.Values.Any(joining => !joining.IsCompleted) && !enough.IsCancellationRequested);
        FollowMembers();
        CoordinatedSilo[] silos = [.. _silos.Values.OrderBy(silo => silo.Name, StringComparer.Ordinal)];
        if (silos.Length > 0)
            _schedule.Divide([.. silos.Select(silo => (silo.Name, silo.Info.Speed))]);
    }

    private void FollowMembers()
    {
        foreach (CoordinatedSilo silo in _silos.Values.Where(silo => silo.Alive && !_cluster.MayLive(silo.Name)))
        {
            LogGone(_log, silo.Name, _job);
            GrainsMetrics.LostSilo();
            silo.Leave();
            _schedule.Leave(silo.Name);
        }
        foreach (string name in _cluster.Active.Where(name => !_silos.ContainsKey(name)))
        {
            if (!_joining.TryGetValue(name, out Task<CoordinatedSilo?>? joining))
                _joining[name] = JoinAsync(name);
            else if (joining.IsCompleted && _joining.Remove(name) && joining.Result is { } silo)
                Welcome(silo);
        }
        if (!_silos.Values.Any(silo => silo.Alive) && _tally.SinceBegin > AnySiloWithin)
            throw new IOException($"No silo could take part in the job within {AnySiloWithin.TotalSeconds:f0} s.");
    }

    private void FollowSpeeds(OpenJob job) => SiloWork.Follow(
        [.. _silos.Values.Where(silo => silo.Alive).Select(silo => silo.Work)], _schedule,
        block => job.Plan.Blocks[block].Cost, (double)job.Plan.Shape.Batch * job.Plan.Shape.QueryHeads);

    private async Task<CoordinatedSilo?> JoinAsync(string name)
    {
        try
        {
            ISiloGrain grain = _grains.GetGrain<ISiloGrain>(NamedSilo.Key(name, "silo"));
            SiloInfo info = await grain.GetInfoAsync();
            await grain.OpenAsync(_ticket);
            var silo = new CoordinatedSilo(info);
            foreach (RunningBlock running in await grain.RunningAsync(_job))
                silo.Running.Add(new RunningAttempt(silo, running.Block, running.Attempt, running.Key));
            return silo;
        }
        catch (Exception error) when (error is not SupersededException)
        {
            LogCannotJoin(_log, name, _job, error.Message);
            await Task.Delay(TimeSpan.FromMilliseconds(500));
            return null;
        }
    }

    private void Welcome(CoordinatedSilo silo)
    {
        _silos[silo.Name] = silo;
        _schedule.Join(silo.Name, silo.Info.Speed);
        foreach (RunningAttempt attempt in silo.Running)
            _schedule.Run(attempt.Block, silo.Name);
        LogJoined(_log, silo.Name, _job, silo.Info.Threads, silo.Info.Speed);
    }

    /// <summary>Puts a finished block's rows into the output, after those before it.</summary>
    private void Copy(OpenJob job, FileJobOutput output, FinishedBlock block)
    {
        Task before = _copying;
        _copying = CopyAsync();
        async Task CopyAsync()
        {
            await before;
            await Task.Run(() =>
            {
                RowsFile.CopyTo(_engine.Store.RowsOf(_job, block.Block, block.Attempt), job.Plan, job.Plan.Blocks[block.Block], output.Sink);
                output.WriteBack();
            });
        }
    }
}
