using Distributed.Engine;
using OpenTelemetry.Exporter;

namespace Distributed.Telemetry;

/// <summary>Where metrics, traces and logs go: what the environment says, in OpenTelemetry's own variables.</summary>
public static class OtlpEndpoints
{
    private const string ForAll = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>Where everything goes that has no endpoint of its own; null = nothing goes anywhere.</summary>
    /// <exception cref="InputException">The variable holds no address.</exception>
    public static Uri? Common => Read(ForAll);

    /// <summary>Sends one kind of data to its own endpoint, if it has one. The exporter reads all other variables by itself.</summary>
    /// <param name="exporter">The exporter's options.</param>
    /// <param name="signal"><c>METRICS</c>, <c>TRACES</c> or <c>LOGS</c>.</param>
    /// <exception cref="InputException">The variable holds no address.</exception>
    public static void Apply(OtlpExporterOptions exporter, string signal)
    {
        ArgumentNullException.ThrowIfNull(exporter);
        if (Read($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT") is { } own)
            exporter.Endpoint = own;
    }

    private static Uri? Read(string variable)
    {
        string? text = Environment.GetEnvironmentVariable(variable);
        if (string.IsNullOrWhiteSpace(text))
            return null;
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? endpoint) && endpoint.Scheme is "http" or "https"
            ? endpoint
            : throw new InputException($"{variable} is '{text}'; an address such as http://127.0.0.1:4317 is expected.");
    }
}
