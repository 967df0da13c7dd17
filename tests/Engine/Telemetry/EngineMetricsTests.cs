using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Engine.Telemetry;
using Distributed.Engine.Tests.Reference;

namespace Distributed.Engine.Tests.Telemetry;

/// <summary>Other tests compute at the same time, so that counts here are at least what one job makes.</summary>
public class EngineMetricsTests
{
    [Fact]
    public async Task A_job_is_counted_planned_computed_and_ended()
    {
        var counts = new ConcurrentDictionary<string, double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter.Name == EngineMetrics.MeterName)
                    listening.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, instrument is Histogram<double> ? 1 : value, tags));
        listener.Start();
        double operations = ComputeLoad.Operations;

        JobReport report = await RunAsync(blocks: 1);

        TileCounts tiles = report.Tiles;
        long planes = (long)report.Shape.Batch * report.Shape.QueryHeads / tiles.Matrices;
        Assert.True(counts["attend.tile.planned full"] >= tiles.Full * planes);
        Assert.True(counts["attend.tile.planned partial"] >= tiles.Partial * planes);
        Assert.True(counts["attend.tile.planned skipped"] >= tiles.Skipped * planes);
        Assert.True(counts["attend.pair.computed"] >= report.PairsSeen);
        Assert.True(ComputeLoad.Operations - operations >= report.Flops);
        Assert.True(counts["attend.job.ended embedded finished"] >= 1);
        Assert.True(counts["attend.job.duration embedded finished"] >= 1);
        Assert.True(counts["attend.step.duration"] >= 1);

        void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            string name = instrument.Name;
            foreach (KeyValuePair<string, object?> tag in tags)
                name += $" {tag.Value}";
            counts.AddOrUpdate(name, value, (_, sum) => sum + value);
        }
    }

    [Fact]
    public async Task Time_at_work_is_counted_while_it_passes()
    {
        using var pool = new ComputePool(1);
        using var begun = new ManualResetEventSlim();
        using var end = new ManualResetEventSlim();
        double before = ComputeLoad.BusySeconds;
        long started = Stopwatch.GetTimestamp();

        Task work = pool.RunAsync(_ =>
        {
            begun.Set();
            end.Wait();
        }, TestContext.Current.CancellationToken);
        begun.Wait(TestContext.Current.CancellationToken);
        SpinWait.SpinUntil(() => Stopwatch.GetElapsedTime(started) > TimeSpan.FromMilliseconds(20));
        double during = ComputeLoad.BusySeconds;

        Assert.True(during > before, $"Expected time at work to grow while a thread works; it stays at {before} s.");
        Assert.InRange(ComputeLoad.BusyThreads, 1, ComputeLoad.Threads);
        end.Set();
        await work;
    }

    [Fact]
    public async Task A_job_s_trace_has_a_span_for_each_block_and_none_for_each_tile()
    {
        var spans = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == EngineTraces.SourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        using var root = new Activity("root");
        root.Start();

        JobReport report = await RunAsync(blocks: 3);

        Activity[] mine = [.. spans.Where(span => span.TraceId == root.TraceId)];
        Activity job = Assert.Single(mine, span => span.OperationName == "job");
        Assert.Equal(report.Blocks, mine.Count(span => span.OperationName == "block" && span.ParentSpanId == job.SpanId));
        Assert.Equal(report.Blocks, mine.Count(span => span.OperationName == "steps"));
    }

    private static Task<JobReport> RunAsync(int blocks)
    {
        var problem = new Problem(new AttentionShape(2, 4, 2, 70, 70, 8, 8), 7);
        var options = new AttentionOptions { SpanRows = 10, Threads = 2, Blocks = blocks, Causal = CausalAlignment.TopLeft };
        return problem.WithInput(input => EmbeddedEngine.RunAsync(
            input, options, new MemorySink(problem.Shape), cancellation: TestContext.Current.CancellationToken));
    }
}
