using Distributed.Engine;
using Distributed.Telemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Resources;

namespace Distributed.Silo.Telemetry;

/// <summary>Adds metrics, traces and logs to the host. They leave it where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says, and only then.</summary>
public static class TelemetryHosting
{
    private const string Service = "attend-silo";

    /// <summary>Adds them.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="instance">Tells this process from others of the service.</param>
    /// <exception cref="InputException">The endpoint is none.</exception>
    public static void AddTelemetry(this WebApplicationBuilder builder, string instance)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Logging.Configure(logging => logging.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);
        if (OtlpEndpoints.Common is not { } endpoint)
            return;
        ResourceBuilder resource = OtlpExport.Service(Service, typeof(TelemetryHosting).Assembly.GetName().Version, instance);
        builder.Services.AddSingleton<IHostedService>(
            services => new TelemetryExport(resource, endpoint, services.GetRequiredService<ILogger<TelemetryExport>>()));
        builder.Logging.AddOpenTelemetry(logs =>
        {
            logs.SetResourceBuilder(resource);
            logs.IncludeFormattedMessage = true;
            logs.AddOtlpExporter(exporter => OtlpEndpoints.Apply(exporter, "LOGS"));
        });
    }
}
