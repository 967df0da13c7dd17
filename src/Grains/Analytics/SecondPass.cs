using Distributed.Engine.Analytics;
using Distributed.Engine.FileJobs;
using Distributed.Engine.Files;
using Distributed.Grains.Blocks;
using Distributed.Grains.Hosting;
using Distributed.Grains.Jobs;
using Distributed.Grains.Placement;
using Microsoft.Extensions.Logging;

namespace Distributed.Grains.Analytics;

/// <summary>
/// The second pass of a job as its coordinator sees it: gives parts to silos, and takes their results over in whatever order
/// they come. A part's file outlives silos and coordinators; a part that is lost is given to another silo.
/// </summary>
/// <param name="ticket">The job.</param>
/// <param name="job">The job as this silo sees it.</param>
/// <param name="output">Takes the results; all its rows have come.</param>
/// <param name="engine">This silo.</param>
/// <param name="grains">Reaches the silos.</param>
/// <param name="log">Takes messages.</param>
internal sealed partial class SecondPass(
    JobTicket ticket, OpenJob job, FileJobOutput output, SiloEngine engine, IGrainFactory grains, ILogger log)
{
    private const int FailuresTaken = 3;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    private readonly JobAnalytics _analytics = output.Analytics!;
    private readonly IReadOnlyList<(long First, long End, double Share)> _parts = AnalyticsParts.Of(job.Plan, job.Specification.Analytics!);
    private readonly Queue<int> _waiting = [];
    private readonly Dictionary<int, double> _done = [];
    private readonly List<Task> _following = [];
    private Task _taking = Task.CompletedTask;
    private int _failures;

    /// <summary>The share of the pass that is done.</summary>
    public double Done => _done.Sum(part => _parts[part.Key].Share * part.Value);

    /// <summary>Runs it to its end.</summary>
    /// <param name="silos">Looks after the cluster's members, and gives those that can work.</param>
    /// <param name="stop">Stops it: what is under way on silos goes on there until the job is closed.</param>
    /// <exception cref="IOException">Parts failed too often.</exception>
    public async Task RunAsync(Func<IReadOnlyList<CoordinatedSilo>> silos, CancellationToken stop)
    {
        await Task.Run(() => engine.Store.KeepLogSumExp(ticket.Job, output.LogSumExp), stop);
        for (int part = 0; part < _parts.Count; part++)
        {
            if (File.Exists(engine.Store.PartOf(ticket.Job, part)))
                await TakeAsync(part);
            else
                _waiting.Enqueue(part);
        }
        while (!_analytics.IsComplete)
        {
            Employ(silos(), stop);
            await Task.WhenAny([Task.Delay(Tick, stop), .. _following]);
            foreach (Task ended in _following.Where(task => task.IsCompleted).ToArray())
            {
                _following.Remove(ended);
                await ended;
            }
            stop.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Gives out parts, one to each silo in turn, until all have one more than they make at a time.</summary>
    private void Employ(IReadOnlyList<CoordinatedSilo> silos, CancellationToken stop)
    {
        for (bool given = true; given;)
        {
            given = false;
            foreach (CoordinatedSilo silo in silos.Where(silo => silo.Parts < silo.Info.BlocksAtOnce + JobCoordinator.BlocksAhead))
            {
                if (!_waiting.TryDequeue(out int part))
                    return;
                _following.Add(FollowAsync(silo, part, stop));
                given = true;
            }
        }
    }

    private async Task FollowAsync(CoordinatedSilo silo, int part, CancellationToken stop)
    {
        IPartGrain grain = grains.GetGrain<IPartGrain>(NamedSilo.Key(silo.Name, $"{ticket.Job:n}|part|{part}"));
        silo.Parts++;
        PartStatus status;
        try
        {
            status = await ToEndAsync(silo, grain, part, stop);
        }
        finally
        {
            silo.Parts--;
        }
        if (stop.IsCancellationRequested)
            return;
        if (status.Phase == BlockPhase.Finished)
        {
            await TakeAsync(part);
        }
        else
        {
            LogLost(log, part, silo.Name, status.Phase, status.Error);
            if (status.IsDiskFull)
                throw new DiskFullException(status.Error!);
            if (status.Phase == BlockPhase.Failed)
                CountFailure(part, status.Error);
            GiveAgain(part);
        }
        if (silo.Alive)
            _ = silo.OrGone(grain.ForgetAsync()).ContinueWith(forgotten => forgotten.Exception, TaskScheduler.Default);
    }

    private async Task<PartStatus> ToEndAsync(CoordinatedSilo silo, IPartGrain grain, int part, CancellationToken stop)
    {
        var status = new PartStatus { Phase = BlockPhase.Waiting };
        for (bool started = false; silo.Alive && !stop.IsCancellationRequested;)
        {
            try
            {
                if (!started)
                    await silo.OrGone(grain.StartAsync(new PartAssignment(ticket, part, _parts[part].First, _parts[part].End)));
                started = true;
                Task<PartStatus> watch = grain.WatchAsync();
                await silo.OrGone(watch);
                if (!watch.IsCompleted)
                    break;
                status = await watch;
                _done[part] = status.Done;
                if (status.Phase is not (BlockPhase.Running or BlockPhase.Waiting))
                    break;
            }
            catch (Exception error) when (CallFailure.Is(error))
            {
                // Its silo does not answer. Either it will, or its death will be declared.
                await Task.Delay(Tick, CancellationToken.None);
            }
            catch (Exception error) when (error is not SupersededException)
            {
                // It answers, but cannot begin: it does not see the input, or its disk is full.
                return new PartStatus { Phase = BlockPhase.Failed, Error = error.Message, IsDiskFull = DiskFullException.Is(error) };
            }
        }
        return status;
    }

    /// <summary>Takes over what a part gives, after those before it.</summary>
    private async Task TakeAsync(int part)
    {
        string path = engine.Store.PartOf(ticket.Job, part);
        Task before = _taking;
        Task taking = _taking = AddAsync();
        try
        {
            await taking;
            _done[part] = 1;
        }
        catch (Exception damaged) when (damaged is InvalidDataException or EndOfStreamException)
        {
            LogRefused(log, path, damaged.Message);
            File.Delete(path);
            CountFailure(part, damaged.Message);
            GiveAgain(part);
        }

        async Task AddAsync()
        {
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            await Task.Run(() => _analytics.Add(path, JobStore.KeyOf(ticket), (_parts[part].First, _parts[part].End)));
        }
    }

    private void GiveAgain(int part)
    {
        _done.Remove(part);
        _waiting.Enqueue(part);
    }

    private void CountFailure(int part, string? why)
    {
        if (++_failures > FailuresTaken)
            throw new IOException($"Part {part} of the second pass failed, after {_failures - 1} other failures, at last so: {why}");
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Part {Part} of the second pass on {Silo} is given to another silo ({Phase}): {Why}")]
    private static partial void LogLost(ILogger log, int part, string silo, BlockPhase phase, string? why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Part {File} of the second pass is made again: {Why}")]
    private static partial void LogRefused(ILogger log, string file, string why);
}
