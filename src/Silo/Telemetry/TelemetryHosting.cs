using Distributed.Engine;
using OpenTelemetry.Logs;
using OpenTelemetry.Resources;

namespace Distributed.Silo.Telemetry;

/// <summary>Adds metrics, traces and logs to the host. They leave it where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says, and only then.</summary>
public static class TelemetryHosting
{
    private const string EndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string ServiceVariable = "OTEL_SERVICE_NAME";
    private const string Service = "attend-silo";

    /// <summary>Adds them.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="instance">Tells this process from others of the service.</param>
    /// <exception cref="InputException">The endpoint is none.</exception>
    public static void AddTelemetry(this WebApplicationBuilder builder, string instance)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Logging.Configure(logging => logging.ActivityTrackingOptions = ActivityTrackingOptions.TraceId | ActivityTrackingOptions.SpanId);
        if (Endpoint() is not { } endpoint)
            return;
        ResourceBuilder resource = ResourceBuilder.CreateDefault().AddService(
            Environment.GetEnvironmentVariable(ServiceVariable) ?? Service,
            serviceVersion: typeof(TelemetryHosting).Assembly.GetName().Version?.ToString(3),
            serviceInstanceId: instance);
        builder.Services.AddSingleton<IHostedService>(
            services => new TelemetryExport(resource, endpoint, services.GetRequiredService<ILogger<TelemetryExport>>()));
        builder.Logging.AddOpenTelemetry(logs =>
        {
            logs.SetResourceBuilder(resource);
            logs.IncludeFormattedMessage = true;
            logs.AddOtlpExporter();
        });
    }

    private static Uri? Endpoint()
    {
        string? text = Environment.GetEnvironmentVariable(EndpointVariable);
        if (string.IsNullOrWhiteSpace(text))
            return null;
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? endpoint) && endpoint.Scheme is "http" or "https"
            ? endpoint
            : throw new InputException($"{EndpointVariable} is '{text}'; an address such as http://127.0.0.1:4317 is expected.");
    }
}
