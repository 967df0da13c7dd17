using Distributed.Silo.Hosting;
using Distributed.Silo.Http;
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
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                Sweep();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server ends.
        }
    }

    private void Sweep()
    {
        try
        {
            storage.Sweep(settings.KeepsUploads, SweepsEvery);
        }
        catch (Exception error) when (error is IOException or RefusedException)
        {
            // A disk that fails, or a name whose change takes long; neither is worth the server.
            LogLater(log, error.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What lost uploads left behind could not be taken away just now: {Why}")]
    private static partial void LogLater(ILogger log, string why);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Found}")]
    private static partial void LogDevice(ILogger log, string found);
}
