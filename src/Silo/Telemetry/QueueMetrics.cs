using System.Diagnostics.Metrics;
using Distributed.Silo.Jobs;

namespace Distributed.Silo.Telemetry;

/// <summary>What is counted of a queue of jobs, by the silo that has it.</summary>
internal sealed class QueueMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Distributed.Queue";

    private static readonly JobState[] Shown = [.. Enum.GetValues<JobState>().Where(state => !state.HasEnded())];

    private readonly Meter _meter = new(MeterName);
    private readonly Histogram<double> _waits;

    /// <summary>Begins to count.</summary>
    /// <param name="count">Counts the jobs in each state.</param>
    public QueueMetrics(Func<Dictionary<JobState, int>> count)
    {
        _meter.CreateObservableGauge("attend.queue.jobs", () => Measure(count()), "{job}", "Jobs that have not ended, by state.");
        _waits = _meter.CreateHistogram(
            "attend.queue.wait", "s", "Time from when a job was put into the queue until it was started.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1, 10, 60, 600, 3600, 36_000] });
    }

    /// <summary>A job is started.</summary>
    public void Started(JobRecord job) => _waits.Record(Math.Max(0, (DateTimeOffset.UtcNow - WaitingSince(job)).TotalSeconds));

    /// <summary>When a job was last put into the queue.</summary>
    public static DateTimeOffset WaitingSince(JobRecord job) =>
        job.History.LastOrDefault(change => change.State == JobState.Waiting)?.At ?? job.Submitted;

    public void Dispose() => _meter.Dispose();

    private static IEnumerable<Measurement<int>> Measure(Dictionary<JobState, int> jobs) =>
        Shown.Select(state => new Measurement<int>(
            jobs.GetValueOrDefault(state), new KeyValuePair<string, object?>("state", state.ToString().ToLowerInvariant())));
}
