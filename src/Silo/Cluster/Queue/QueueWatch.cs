using Distributed.Silo.Hosting;
using Distributed.Silo.Jobs;
using Distributed.Silo.Storage;

namespace Distributed.Silo.Cluster.Queue;

/// <summary>Sees to it that the queue lives on some silo, whichever have died, and that what lost silos left behind goes.</summary>
internal sealed partial class QueueWatch(
    IJobService jobs, FileStorage storage, SiloSettings settings, IHostApplicationLifetime lifetime, ILogger<QueueWatch> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1), SweepsEvery = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Before that there are no members to ask, and Orleans fails in ways that would end the host.
        await StartedAsync(stoppingToken);
        using var timer = new PeriodicTimer(Interval);
        DateTimeOffset swept = default;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await jobs.StatusAsync();
                if (DateTimeOffset.UtcNow - swept > SweepsEvery)
                {
                    swept = DateTimeOffset.UtcNow;
                    storage.Sweep(settings.KeepsUploads, SweepsEvery);
                }
            }
#pragma warning disable CA1031 // A silo that is slow to join, a database that is away, a disk that fails: each is asked again, and none is worth the silo.
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                LogLater(log, error.Message);
            }
        }
    }

    private async Task StartedAsync(CancellationToken cancellation)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using CancellationTokenRegistration registration = lifetime.ApplicationStarted.Register(() => started.TrySetResult());
        await started.Task.WaitAsync(cancellation);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The queue could not be looked after just now: {Why}")]
    private static partial void LogLater(ILogger log, string why);
}
