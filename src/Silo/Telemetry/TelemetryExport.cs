using Distributed.Engine.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Distributed.Silo.Telemetry;

/// <summary>Sends metrics and traces from the host's start to its end; what is left is sent at its end.</summary>
internal sealed partial class TelemetryExport(ResourceBuilder resource, Uri endpoint, ILogger<TelemetryExport> log) : IHostedService, IDisposable
{
    /// <summary>The project's own meters, those of Orleans, and those of the runtime and its web server.</summary>
    internal static readonly string[] Meters =
    [
        "Distributed.*", "Microsoft.Orleans", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime",
    ];

    private static readonly string[] Sources =
        ["Distributed.*", "Microsoft.Orleans.Application", "Microsoft.Orleans.Lifecycle", "Microsoft.AspNetCore"];

    private MeterProvider? _metrics;
    private TracerProvider? _traces;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(resource).AddMeter(Meters)
            .AddOtlpExporter(exporter => OtlpEndpoints.Apply(exporter, "METRICS")).Build();
        _traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(resource).AddSource(Sources).SetSampler(new PollsLeftOut())
            .AddOtlpExporter(exporter => OtlpEndpoints.Apply(exporter, "TRACES")).Build();
        EngineMetrics.Publish();
        LogBegins(log, endpoint);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.Run(Dispose, cancellationToken);

    public void Dispose()
    {
        _traces?.Dispose();
        _metrics?.Dispose();
        (_traces, _metrics) = (null, null);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Metrics, traces and logs go to {Endpoint}.")]
    private static partial void LogBegins(ILogger log, Uri endpoint);
}
