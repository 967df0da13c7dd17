using Distributed.Silo.Hosting;
using Distributed.Silo.Jobs;
using Distributed.Silo.Storage;

namespace Distributed.Silo.Embedded;

/// <summary>Takes the data folder, clears up behind a lost process, and runs the queue; on SIGTERM it saves what is computed.</summary>
internal sealed partial class EmbeddedService(
    DataFolder data, FileStorage storage, JobQueue queue, SiloSettings settings, string device, ILogger<EmbeddedService> log) : BackgroundService
{
    private static readonly TimeSpan SweepsEvery = TimeSpan.FromMinutes(10);
    private IDisposable? _lock;

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        LogDevice(log, device);
        _lock = data.Lock();
        await Task.Run(() => storage.Sweep(settings.KeepsUploads, TimeSpan.Zero), cancellationToken);
        await queue.OpenAsync();
        await base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await queue.DrainAsync();
        await base.StopAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _lock?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(SweepsEvery);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            storage.Sweep(settings.KeepsUploads, SweepsEvery);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Found}")]
    private static partial void LogDevice(ILogger log, string found);
}
