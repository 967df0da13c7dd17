using Distributed.Telemetry.Tests.Received;

namespace Distributed.Cluster.Tests.Telemetry;

/// <summary>Two silos that send what they measure to a real Prometheus, and their traces to a receiver, while they work.</summary>
public sealed class ObservabilityTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(150);
    private readonly string _folder = Directory.CreateTempSubdirectory("observability").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Prometheus_answers_every_question_of_the_dashboards_and_alerts()
    {
        await using var received = new OtlpReceiver();
        await using PrometheusServer prometheus = await PrometheusServer.StartOrSkipAsync(new Uri(received.Address, "metrics"));
        await using TestCluster cluster = Cluster(received);
        TestJob job = await TestJob.LastingAsync(_folder, seconds: 4);
        await cluster.StartAsync(2);
        await cluster.AgreeOnAsync(2);

        // A rise of a histogram is seen from its second event on.
        for (int run = 1; run <= 2; run++)
        {
            await cluster.EndedAsync(await cluster.SubmitAsync(job.To(Path.Combine(_folder, $"{run}.safetensors"))));
            await Until.FoundAsync(
                async () => (await prometheus.QueryAsync("sum(attend_job_ended_total{outcome=\"finished\"})")) is [var ended] && ended == run ? "" : null,
                Patience, () => $"{run} finished jobs to be known to Prometheus.\n{received.Unread}\n{cluster.Said()}");
        }

        Assert.Equal("", received.Unread);
        // Each is asked until it is answered: what a slow machine sends late is no gap in what is sent.
        Dictionary<string, string> silent = [];
        foreach ((string panel, string query) in Questions.OfDashboard("cluster.json").Concat(Questions.OfDashboard("job.json")))
            silent[query] = panel;
        string[] known = await prometheus.AlertsAsync();
        foreach ((string alert, string expression, string[] values) in Questions.OfAlerts())
        {
            Assert.Contains(alert, known);
            await prometheus.QueryAsync(expression);
            // What is absent is not there while it is well: then what it is the absence of is.
            foreach (string value in values)
                silent[value.StartsWith("absent(", StringComparison.Ordinal) ? value["absent".Length..] : value] = alert;
        }
        await Until.FoundAsync(
            async () =>
            {
                foreach (string query in silent.Keys.ToArray())
                {
                    double[] found = await prometheus.QueryAsync(query);
                    if (found.Length > 0 && !found.All(double.IsNaN))
                        silent.Remove(query);
                }
                return silent.Count == 0 ? "" : null;
            },
            Patience, () => $"data for every question; none is there for\n{string.Join('\n', silent.Select(question => $"{question.Value}: {question.Key}"))}");
    }

    [Fact]
    public async Task A_job_on_two_silos_is_one_trace_with_a_span_for_each_block_and_none_for_each_tile()
    {
        await using var received = new OtlpReceiver();
        await using TestCluster cluster = Cluster(received);
        TestJob job = await TestJob.LastingAsync(_folder, seconds: 2);
        await cluster.StartAsync(2);
        await cluster.AgreeOnAsync(2);

        JobView ended = await cluster.EndedAsync(await cluster.SubmitAsync(job.To(Path.Combine(_folder, "out.safetensors"))));

        ReceivedSpan[] ours = [];
        await Until.FoundAsync(
            () =>
            {
                ours = [.. received.Spans.Where(span => span.Source == "Distributed.Engine")];
                return Task.FromResult(ours.Any(span => span.Name == "job") && ours.Count(span => span.Name == "block") >= ended.Blocks ? "" : null);
            },
            Patience, () => $"the spans of a job with {ended.Blocks} blocks; there are {string.Join(", ", ours.CountBy(span => span.Name))}.\n{cluster.Said()}");
        ReceivedSpan whole = Assert.Single(ours, span => span.Name == "job");
        Assert.All(ours, span => Assert.Equal(whole.Trace, span.Trace));
        Assert.Equal(2, ours.Where(span => span.Name == "block").Select(span => span.Instance).Distinct().Count());
        Assert.True(
            received.Spans.Count(span => span.Trace == whole.Trace) < 16 * ended.Blocks + 50,
            $"The trace of {ended.Blocks} blocks has {received.Spans.Count} spans: {string.Join(", ", received.Spans.CountBy(span => span.Name))}.");
    }

    private TestCluster Cluster(OtlpReceiver receiver) => new(_folder, postgres: null)
    {
        Environment =
        [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.Address.ToString()), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"),
            ("OTEL_METRIC_EXPORT_INTERVAL", "500"), ("OTEL_BSP_SCHEDULE_DELAY", "500"),
        ],
    };
}
