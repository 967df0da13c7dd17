using Distributed.Engine;
using Distributed.Telemetry;

namespace Distributed.Cli.Telemetry;

/// <summary>Metrics and traces of a command, sent where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> says, and only then.</summary>
internal static class CommandTelemetry
{
    private const string Service = "attend";

    /// <summary>Begins to send; disposing of it sends what is left. Null = nothing goes anywhere.</summary>
    /// <exception cref="InputException">The variable holds no address.</exception>
    public static IDisposable? Begin() => OtlpEndpoints.Common is null
        ? null
        : OtlpExport.Begin(
            OtlpExport.Service(Service, typeof(CommandTelemetry).Assembly.GetName().Version, $"{Environment.MachineName}:{Environment.ProcessId}"),
            ["System.Runtime"], []);
}
