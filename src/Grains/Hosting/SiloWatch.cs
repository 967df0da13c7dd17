using Distributed.Grains.Jobs;
using Microsoft.Extensions.Logging;

namespace Distributed.Grains.Hosting;

/// <summary>
/// Sees to it that every job that has not ended has a coordinator, whichever silos have died, and that this silo lets go
/// of the dead and of jobs that have ended elsewhere.
/// </summary>
internal sealed partial class SiloWatch(
    SiloEngine engine, ClusterView cluster, IGrainFactory grains, ILogger<SiloWatch> log) : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private readonly CancellationTokenSource _stop = new();
    private Task _watching = Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(
        nameof(SiloWatch), ServiceLifecycleStage.Active,
        async _ =>
        {
            await engine.Speed.Value.ConfigureAwait(false);
            _watching = Task.WhenAll(Task.Run(WatchJobsAsync, CancellationToken.None), Task.Run(BuryAsync, CancellationToken.None));
        },
        async _ =>
        {
            await _stop.CancelAsync().ConfigureAwait(false);
            await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        });

    public void Dispose() => _stop.Dispose();

    private Task BuryAsync() => cluster.FollowDeathsAsync(engine.Bury, _stop.Token);

    private async Task WatchJobsAsync()
    {
        using var timer = new PeriodicTimer(Interval);
        while (await timer.WaitForNextTickAsync(_stop.Token).ConfigureAwait(false))
        {
            try
            {
                foreach (Guid job in engine.Store.Unfinished())
                    await grains.GetGrain<IJobGrain>(job).EnsureRunningAsync().ConfigureAwait(false);
                foreach (Guid job in engine.OpenJobs.Where(engine.Store.HasEnded))
                    await engine.CloseAsync(job).ConfigureAwait(false);
            }
            catch (Exception error) when (!_stop.IsCancellationRequested && (CallFailure.Is(error) || error is IOException))
            {
                LogLater(log, error.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The jobs could not be looked after just now: {Why}")]
    private static partial void LogLater(ILogger log, string why);
}
