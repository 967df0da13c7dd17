using System.Diagnostics.Metrics;
using Distributed.Grains.Blocks;

namespace Distributed.Grains.Telemetry;

/// <summary>What is counted of blocks, silos and losses on a cluster; docs/telemetry.md explains each.</summary>
public static class GrainsMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Distributed.Grains";

    private static readonly Meter Meter = new(MeterName);

    private static readonly UpDownCounter<int> Running = Meter.CreateUpDownCounter<int>(
        "attend.block.running", "{block}", "Blocks that this silo computes.");

    private static readonly Histogram<double> Duration = Meter.CreateHistogram(
        "attend.block.duration", "s", "Time of an attempt of a block, from its start to its end, by how it ended.",
        advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.1, 1, 5, 30, 120, 600, 3600] });

    private static readonly Counter<long> Lost = Meter.CreateCounter<long>(
        "attend.recovery.attempts", "{attempt}", "Attempts of blocks that were given up, by why: the silo was lost, or the attempt failed.");

    private static readonly Counter<long> SilosLost = Meter.CreateCounter<long>(
        "attend.recovery.silos", "{silo}", "Silos that were lost while they took part in a job.");

    private static readonly Counter<long> TakeOvers = Meter.CreateCounter<long>(
        "attend.recovery.coordinators", "{coordinator}", "Coordinators that went on with a job that another one had begun.");

    private static readonly Counter<double> Redone = Meter.CreateCounter<double>(
        "attend.recovery.redone", "{pair}", "Estimated (query, key) pairs that were computed again after a loss.");

    /// <summary>Makes every instrument known to listeners, counters with 0.</summary>
    public static void Publish()
    {
        Running.Add(0);
        Lost.Add(0, Reason("silo"));
        Lost.Add(0, Reason("failure"));
        SilosLost.Add(0);
        TakeOvers.Add(0);
        Redone.Add(0);
    }

    internal static void Begins() => Running.Add(1);

    internal static void Ends(BlockPhase phase, double seconds)
    {
        Running.Add(-1);
        Duration.Record(seconds, new KeyValuePair<string, object?>("outcome", phase switch
        {
            BlockPhase.Finished => "finished",
            BlockPhase.Failed => "failed",
            _ => "stopped",
        }));
    }

    internal static void GaveUp(bool siloLost) =>
        Lost.Add(1, Reason(siloLost ? "silo" : "failure"));

    internal static void LostSilo() => SilosLost.Add(1);

    internal static void TookOver() => TakeOvers.Add(1);

    internal static void DidAgain(double pairs) => Redone.Add(pairs);

    private static KeyValuePair<string, object?> Reason(string why) => new("reason", why);
}
