using Distributed.Cli.Tests.Process;
using Distributed.Telemetry.Tests.Received;

namespace Distributed.Cli.Tests.Commands;

/// <summary>What a command tells of its work by OTLP.</summary>
public sealed class TelemetryTests
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private static readonly long[] Shape = [1, 2, 2500, 8];

    [Fact]
    public async Task A_job_is_one_trace_and_is_counted()
    {
        await using var receiver = new OtlpReceiver();
        using var attend = new Attend { Environment = [(Endpoint, receiver.Address.ToString()), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")] };
        TensorFiles.WriteJob(attend["in.safetensors"], Shape, Shape, Shape);

        (await attend.RunAsync("run", "in.safetensors", "-o", "out.safetensors", "--causal", "--blocks", "3")).Succeeded();

        Assert.Equal("", receiver.Unread);
        ReceivedSpan job = Assert.Single(receiver.Spans, span => span.Name == "job");
        Assert.Equal(3, receiver.Spans.Count(span => span.Name == "block"));
        Assert.All(receiver.Spans, span => Assert.Equal(job.Trace, span.Trace));
        string ended = Assert.Single(receiver.Metrics.Split('\n'), line =>
            line.StartsWith("attend_job_ended_total", StringComparison.Ordinal) && line.Contains("mode=\"embedded\"", StringComparison.Ordinal)
            && line.Contains("outcome=\"finished\"", StringComparison.Ordinal));
        Assert.EndsWith(" 1", ended, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_endpoint_that_is_none_is_refused_before_the_work()
    {
        using var attend = new Attend { Environment = [(Endpoint, "collector")] };
        TensorFiles.WriteJob(attend["in.safetensors"], Shape, Shape, Shape);

        Outcome outcome = await attend.RunAsync("run", "in.safetensors", "-o", "out.safetensors");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains($"{Endpoint} is 'collector'", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(["in.safetensors"], attend.Files);
    }

    [Fact]
    public async Task A_receiver_that_is_not_there_does_not_keep_a_job_from_its_end()
    {
        using var attend = new Attend { Environment = [(Endpoint, "http://127.0.0.1:1")] };
        TensorFiles.WriteJob(attend["in.safetensors"], Shape, Shape, Shape);

        (await attend.RunAsync("run", "in.safetensors", "-o", "out.safetensors")).Succeeded();

        Assert.Equal(["in.safetensors", "out.safetensors"], attend.Files);
    }
}
