using System.Diagnostics;
using System.Diagnostics.Metrics;
using Distributed.Engine;
using Distributed.Telemetry.Tests.Received;
using OpenTelemetry.Trace;

namespace Distributed.Telemetry.Tests;

/// <summary>What goes out, and where the environment says.</summary>
public sealed class OtlpExportTests : IDisposable
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT", Protocol = "OTEL_EXPORTER_OTLP_PROTOCOL";

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(Endpoint, null);
        Environment.SetEnvironmentVariable(Protocol, null);
    }

    [Theory]
    [InlineData("collector:4317")]
    [InlineData("127.0.0.1")]
    [InlineData("ftp://127.0.0.1")]
    public void What_is_no_address_is_refused_by_the_variables_name(string address)
    {
        Environment.SetEnvironmentVariable(Endpoint, address);
        InputException error = Assert.Throws<InputException>(() => OtlpEndpoints.Common);
        Assert.Contains(Endpoint, error.Message, StringComparison.Ordinal);
        Assert.Contains($"'{address}'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    public void Without_an_endpoint_nothing_goes_anywhere(string? address)
    {
        Environment.SetEnvironmentVariable(Endpoint, address);
        Assert.Null(OtlpEndpoints.Common);
    }

    [Fact]
    public async Task Metrics_and_spans_are_with_the_receiver_when_it_has_ended()
    {
        await using var receiver = new OtlpReceiver();
        Environment.SetEnvironmentVariable(Endpoint, receiver.Address.ToString());
        Environment.SetEnvironmentVariable(Protocol, "http/protobuf");
        using var meter = new Meter("Distributed.Tests");
        using var own = new ActivitySource("Distributed.Tests");
        using var other = new ActivitySource("Another");
        using (OtlpExport.Begin(OtlpExport.Service("tests", new Version(1, 2, 3), "here:1"), [], []))
        {
            meter.CreateCounter<long>("attend.test.events").Add(7);
            own.StartActivity("ours")?.Dispose();
            other.StartActivity("theirs")?.Dispose();
        }

        Assert.Equal("", receiver.Unread);
        ReceivedSpan span = Assert.Single(receiver.Spans);
        Assert.Equal(("here:1", "Distributed.Tests", "ours"), (span.Instance, span.Source, span.Name));
        Assert.Contains("attend_test_events_total{instance=\"here:1\"} 7\n", receiver.Metrics, StringComparison.Ordinal);
        Assert.Contains("attend_job_ended_total", receiver.Metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sampler_leaves_spans_out()
    {
        await using var receiver = new OtlpReceiver();
        Environment.SetEnvironmentVariable(Endpoint, receiver.Address.ToString());
        Environment.SetEnvironmentVariable(Protocol, "http/protobuf");
        using var own = new ActivitySource("Distributed.Tests.Sampled");
        using (OtlpExport.Begin(OtlpExport.Service("tests", null, "here:2"), [], [], new AlwaysOffSampler()))
            own.StartActivity("ours")?.Dispose();
        Assert.Empty(receiver.Spans);
    }
}
