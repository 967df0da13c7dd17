using Distributed.Engine;
using Distributed.Engine.Telemetry;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Distributed.Telemetry;

/// <summary>Sends metrics and traces by OTLP until it is disposed of; what is left is sent then, within some seconds.</summary>
/// <remarks>What the receiver does not take is dropped: work never waits for telemetry, and never fails with it.</remarks>
public sealed class OtlpExport : IDisposable
{
    private readonly MeterProvider _metrics;
    private readonly TracerProvider _traces;

    private OtlpExport(MeterProvider metrics, TracerProvider traces) => (_metrics, _traces) = (metrics, traces);

    /// <summary>Begins to send.</summary>
    /// <param name="service">The process, as <see cref="Service"/> makes it.</param>
    /// <param name="meters">Names of meters beside the project's own; <c>*</c> stands for anything.</param>
    /// <param name="sources">Names of sources of spans beside the project's own.</param>
    /// <param name="sampler">Which spans; null = all.</param>
    /// <exception cref="InputException">A variable holds no address.</exception>
    public static OtlpExport Begin(ResourceBuilder service, IEnumerable<string> meters, IEnumerable<string> sources, Sampler? sampler = null)
    {
        const string Own = "Distributed.*";
        MeterProvider metrics = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(service).AddMeter([Own, .. meters])
            .AddOtlpExporter(exporter => OtlpEndpoints.Apply(exporter, "METRICS")).Build();
        try
        {
            TracerProvider traces = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(service).AddSource([Own, .. sources])
                .SetSampler(sampler ?? new ParentBasedSampler(new AlwaysOnSampler()))
                .AddOtlpExporter(exporter => OtlpEndpoints.Apply(exporter, "TRACES")).Build();
            EngineMetrics.Publish();
            return new OtlpExport(metrics, traces);
        }
        catch
        {
            metrics.Dispose();
            throw;
        }
    }

    /// <summary>Who sends.</summary>
    /// <param name="name">Name of the service, unless <c>OTEL_SERVICE_NAME</c> gives another.</param>
    /// <param name="version">Its version.</param>
    /// <param name="instance">Tells this process from others of the service.</param>
    public static ResourceBuilder Service(string name, Version? version, string instance) => ResourceBuilder.CreateDefault().AddService(
        Environment.GetEnvironmentVariable("OTEL_SERVICE_NAME") is { Length: > 0 } given ? given : name,
        serviceVersion: version?.ToString(3), serviceInstanceId: instance);

    /// <inheritdoc/>
    public void Dispose()
    {
        _traces.Dispose();
        _metrics.Dispose();
    }
}
