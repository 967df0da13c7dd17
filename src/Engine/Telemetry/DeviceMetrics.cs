using System.Diagnostics.Metrics;

namespace Distributed.Engine.Telemetry;

/// <summary>What the engine counts of devices beside the CPU.</summary>
internal static class DeviceMetrics
{
    private static readonly Meter Meter = new(EngineMetrics.MeterName);

    private static readonly Counter<long> Folds = Meter.CreateCounter<long>(
        "attend.device.folds", "{fold}", "Folds handed to a device, by what became of them: done there, passed on to the CPU, or failed.");

    /// <summary>Makes the instruments known to listeners.</summary>
    public static void Publish()
    {
        foreach (string outcome in new[] { "device", "passed_on", "failed" })
            Folds.Add(0, new KeyValuePair<string, object?>("outcome", outcome));
    }

    /// <summary>A fold ended on a device, or did not.</summary>
    public static void Folded(string outcome) => Folds.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
}
