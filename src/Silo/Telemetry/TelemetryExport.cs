using Distributed.Telemetry;
using OpenTelemetry.Resources;

namespace Distributed.Silo.Telemetry;

/// <summary>Sends metrics and traces from the host's start to its end; what is left is sent at its end.</summary>
internal sealed partial class TelemetryExport(ResourceBuilder service, Uri endpoint, ILogger<TelemetryExport> log) : IHostedService, IDisposable
{
    /// <summary>The meters of Orleans, of the runtime and of its web server.</summary>
    internal static readonly string[] Meters =
        ["Microsoft.Orleans", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime"];

    private static readonly string[] Sources = ["Microsoft.Orleans.Application", "Microsoft.Orleans.Lifecycle", "Microsoft.AspNetCore"];

    private OtlpExport? _export;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _export = OtlpExport.Begin(service, Meters, Sources, new PollsLeftOut());
        LogBegins(log, endpoint);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.Run(Dispose, cancellationToken);

    public void Dispose()
    {
        _export?.Dispose();
        _export = null;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Metrics, traces and logs go to {Endpoint}.")]
    private static partial void LogBegins(ILogger log, Uri endpoint);
}
