using Distributed.Engine.Telemetry;
using Distributed.Engine.Timelines;
using Distributed.Grains.Hosting;
using Distributed.Grains.Placement;
using Distributed.Grains.Silos;

namespace Distributed.Grains.Jobs;

/// <summary>How a job ends, or is let go of.</summary>
internal sealed partial class JobCoordinator
{
    private async Task CloseAsync()
    {
        await Task.WhenAll(_silos.Values.Where(silo => silo.Alive).Select(CloseAsync));
        await _engine.CloseAsync(_job);
    }

    /// <summary>
    /// Lets the job go for want of room on a disk. What is done stays done, and nothing else of it is begun until whoever
    /// submitted it starts it again.
    /// </summary>
    private async Task StallAsync(IOException full)
    {
        LogNoRoom(_log, _job, full.Message);
        _paused = true;
        await Task.Run(() => _engine.Store.Deactivate(_job));
        await _stop.CancelAsync();
        await Task.WhenAll(_following.Append(_copying)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        await CloseAsync();
        _tally.End(JobState.Paused, full);
        _told.TrySetResult();
    }

    private async Task EndAsync(JobState state, Exception? error, JobMeasure measure)
    {
        if (error is not null)
            LogFailed(_log, _job, error);
        _tally.End(state, error);
        _told.TrySetResult();
        await CloseAsync();
        JobInfo outcome = Info;
        JobBlocks? blocks = Blocks;
        await Task.Run(() => _engine.Store.End(_job, outcome, blocks));
        measure.End(
            state switch { JobState.Finished => "finished", JobState.Cancelled => "stopped", _ => "failed" }, outcome.Seconds);
    }

    private async Task CloseAsync(CoordinatedSilo silo)
    {
        try
        {
            await silo.OrGone(_grains.GetGrain<ISiloGrain>(NamedSilo.Key(silo.Name, "silo")).CloseAsync(_job));
        }
        catch (Exception error) when (CallFailure.Is(error))
        {
            // It looks by itself whether its jobs have ended (SiloWatch).
            LogCannotClose(_log, silo.Name, _job, error.Message);
        }
    }
}
