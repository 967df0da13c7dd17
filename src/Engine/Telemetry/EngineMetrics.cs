using System.Diagnostics.Metrics;
using Distributed.Engine.Plan;

namespace Distributed.Engine.Telemetry;

/// <summary>What the engine counts and times, in whatever process it runs; docs/telemetry.md explains each.</summary>
/// <remarks>Without a listener an instrument costs a comparison. Nothing here is tagged by job.</remarks>
public static class EngineMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Distributed.Engine";

    private static readonly Meter Meter = new(MeterName);

    private static readonly Counter<long> Planned = Meter.CreateCounter<long>(
        "attend.tile.planned", "{tile}", "Tiles of the jobs begun, by what the masks leave of them.");

    private static readonly Counter<long> Computed = Meter.CreateCounter<long>(
        "attend.tile.computed", "{tile}", "Tiles folded.");

    private static readonly Counter<long> Pairs = Meter.CreateCounter<long>(
        "attend.pair.computed", "{pair}", "(query, key) pairs folded, inside the masks.");

    private static readonly UpDownCounter<int> JobsRunning = Meter.CreateUpDownCounter<int>(
        "attend.job.running", "{job}", "Jobs that this process drives.");

    private static readonly Counter<long> JobsEnded = Meter.CreateCounter<long>(
        "attend.job.ended", "{job}", "Jobs that have ended, or that this process has stopped, by how.");

    private static readonly Histogram<double> JobDuration = Meter.CreateHistogram(
        "attend.job.duration", "s", "Time from a job's start to its end.", advice: Seconds(0.01, 0.1, 1, 10, 60, 600, 3600, 36_000));

    private static readonly Histogram<double> StepDuration = Meter.CreateHistogram(
        "attend.step.duration", "s", "Time that a block computed on one other block's keys.",
        advice: Seconds(0.001, 0.01, 0.1, 0.5, 1, 5, 10, 60));

    private static readonly Histogram<double> Waits = Meter.CreateHistogram(
        "attend.tile.wait", "s", "Time that a block could do nothing because keys and values had not come yet.",
        advice: Seconds(0.001, 0.005, 0.02, 0.1, 0.5, 1, 5, 30));

    private static readonly KeyValuePair<string, object?> Skipped = Class("skipped"), Partial = Class("partial"), Full = Class("full");

    static EngineMetrics()
    {
        Meter.CreateObservableUpDownCounter(
            "attend.compute.threads", () => ComputeLoad.Threads, "{thread}", "Compute threads of this process.");
        Meter.CreateObservableUpDownCounter(
            "attend.compute.threads.busy", () => ComputeLoad.BusyThreads, "{thread}", "Compute threads at work now.");
        Meter.CreateObservableUpDownCounter(
            "attend.compute.queue", () => ComputeLoad.Queued, "{item}", "Pieces of work that wait for a compute thread.");
        Meter.CreateObservableCounter(
            "attend.compute.time", () => ComputeLoad.BusySeconds, "s", "Time that compute threads were at work, summed over them.");
        Meter.CreateObservableCounter(
            "attend.compute.operations", () => ComputeLoad.Operations, "{operation}",
            "Floating-point operations inside the masks: 2 (D + Dv) for every pair.");
        Meter.CreateObservableGauge(
            "attend.compute.peak", () => ComputeLoad.PeakPerThread, "{operation}/s",
            "Measured multiply-add peak of one compute thread while all of them calculate; 0 = not measured.");
    }

    /// <summary>
    /// Makes every instrument of the engine known to listeners. Counters begin at 0 for them: a first event is then a rise,
    /// not a beginning.
    /// </summary>
    public static void Publish()
    {
        foreach (KeyValuePair<string, object?> kind in new[] { Skipped, Partial, Full })
            Planned.Add(0, kind);
        Computed.Add(0, Partial);
        Computed.Add(0, Full);
        Pairs.Add(0);
        foreach (string mode in new[] { "embedded", "cluster" })
        {
            JobsRunning.Add(0, Mode(mode));
            foreach (string outcome in new[] { "finished", "failed", "stopped" })
                JobsEnded.Add(0, Mode(mode), Outcome(outcome));
        }
        DeviceMetrics.Publish();
        TileMetrics.Publish();
        CheckpointMetrics.Publish();
    }

    /// <summary>A job has its plan.</summary>
    /// <param name="plan">The plan.</param>
    public static void Plans(JobPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        TileCounts counts = plan.Counts;
        // The counts are those of the matrices that masks tell apart; all others are like them.
        long like = (long)plan.Shape.Batch * plan.Shape.QueryHeads / Math.Max(1, counts.Matrices);
        Planned.Add(counts.Skipped * like, Skipped);
        Planned.Add(counts.Partial * like, Partial);
        Planned.Add(counts.Full * like, Full);
    }

    /// <summary>A job begins; its end is told by disposing the result.</summary>
    /// <param name="mode"><c>embedded</c> or <c>cluster</c>.</param>
    public static JobMeasure Job(string mode)
    {
        JobsRunning.Add(1, Mode(mode));
        return new JobMeasure(mode);
    }

    internal static void Ended(string mode, string? outcome, double seconds)
    {
        JobsRunning.Add(-1, Mode(mode));
        if (outcome is null)
            return;
        JobsEnded.Add(1, Mode(mode), Outcome(outcome));
        JobDuration.Record(seconds, Mode(mode), Outcome(outcome));
    }

    internal static void Folded(int full, int partial, long pairs, long flopsPerPair)
    {
        Computed.Add(full, Full);
        Computed.Add(partial, Partial);
        Pairs.Add(pairs);
        ComputeLoad.Did((double)pairs * flopsPerPair);
    }

    internal static void Stepped(double seconds) => StepDuration.Record(seconds);

    internal static void Waited(double seconds) => Waits.Record(seconds);

    internal static InstrumentAdvice<double> Seconds(params double[] boundaries) => new() { HistogramBucketBoundaries = boundaries };

    private static KeyValuePair<string, object?> Class(string name) => new("class", name);

    private static KeyValuePair<string, object?> Mode(string name) => new("mode", name);

    private static KeyValuePair<string, object?> Outcome(string name) => new("outcome", name);
}
