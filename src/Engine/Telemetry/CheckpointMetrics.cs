using System.Diagnostics.Metrics;

namespace Distributed.Engine.Telemetry;

/// <summary>What is counted of checkpoints.</summary>
public static class CheckpointMetrics
{
    private static readonly Meter Meter = new(EngineMetrics.MeterName);

    private static readonly Histogram<double> Duration = Meter.CreateHistogram(
        "attend.checkpoint.duration", "s", "Time to write a checkpoint of a block and force it to disk.",
        advice: EngineMetrics.Seconds(0.005, 0.02, 0.1, 0.5, 1, 5, 30));

    private static readonly Counter<long> Bytes = Meter.CreateCounter<long>(
        "attend.checkpoint.size", "By", "Bytes of checkpoints written.");

    private static readonly Counter<long> Restored = Meter.CreateCounter<long>(
        "attend.checkpoint.restored", "{checkpoint}", "Checkpoints that blocks went on from.");

    private static readonly Counter<long> Refused = Meter.CreateCounter<long>(
        "attend.checkpoint.refused", "{checkpoint}", "Checkpoints left aside because they were damaged or of another job.");

    internal static void Publish()
    {
        foreach (Counter<long> counter in new[] { Bytes, Restored, Refused })
            counter.Add(0);
    }

    internal static void Written(double seconds, long bytes)
    {
        Duration.Record(seconds);
        Bytes.Add(bytes);
    }

    internal static void WasRestored() => Restored.Add(1);

    internal static void WasRefused() => Refused.Add(1);
}
