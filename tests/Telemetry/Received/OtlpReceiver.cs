using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Distributed.Telemetry.Tests.Received;

/// <summary>
/// Takes OTLP over HTTP (protobuf), as a collector does: spans for the test to look at, metrics for Prometheus to fetch at
/// <c>/metrics</c>.
/// </summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly ConcurrentQueue<ReceivedSpan> _spans = [];
    private readonly MetricPage _metrics = new();
    private readonly Task _taking;

    public OtlpReceiver()
    {
        Address = new Uri($"http://127.0.0.1:{FreePort()}/");
        _listener.Prefixes.Add(Address.ToString());
        _listener.Start();
        _taking = TakeAsync();
    }

    public Uri Address { get; }

    public IReadOnlyCollection<ReceivedSpan> Spans => _spans;

    /// <summary>The metrics that came, as Prometheus would fetch them.</summary>
    public string Metrics => _metrics.ToString();

    /// <summary>What could not be read of what came; empty when all could.</summary>
    public string Unread { get; private set; } = "";

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _taking;
    }

    private async Task TakeAsync()
    {
        while (_listener.IsListening)
        {
            try
            {
                await AnswerAsync(await _listener.GetContextAsync());
            }
            catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
            {
                // The test has ended, or a silo that was sending.
            }
            catch (Exception error) when (error is InvalidDataException or ArgumentException or KeyNotFoundException)
            {
                Unread = error.ToString();
            }
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        using var body = new MemoryStream();
        await context.Request.InputStream.CopyToAsync(body);
        switch (context.Request.Url!.AbsolutePath)
        {
            case "/v1/traces":
                ReadSpans(body.ToArray());
                break;
            case "/v1/metrics":
                _metrics.Read(body.ToArray());
                break;
            case "/metrics":
                context.Response.ContentType = "text/plain; version=0.0.4";
                await context.Response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(_metrics.ToString()));
                break;
            default:
                break;
        }
        context.Response.Close();
    }

    // opentelemetry/proto/trace/v1: TracesData.resource_spans = 1; ResourceSpans.resource = 1, .scope_spans = 2;
    // ScopeSpans.scope = 1, .spans = 2; Span.trace_id = 1, .span_id = 2, .parent_span_id = 4, .name = 5.
    private void ReadSpans(byte[] traces)
    {
        foreach (ReadOnlyMemory<byte> resource in Protobuf.Fields(traces, 1))
        {
            string instance = Attributes.Of(Protobuf.Field(resource, 1), 1)["service.instance.id"];
            foreach (ReadOnlyMemory<byte> scope in Protobuf.Fields(resource, 2))
            {
                string source = Protobuf.Text(Protobuf.Field(scope, 1), 1);
                foreach (ReadOnlyMemory<byte> span in Protobuf.Fields(scope, 2))
                    _spans.Enqueue(new ReceivedSpan(instance, source, Protobuf.Text(span, 5), Hex(span, 1), Hex(span, 2), Hex(span, 4)));
            }
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Hex(ReadOnlyMemory<byte> span, int field) => Convert.ToHexStringLower(Protobuf.Field(span, field).Span);
}

/// <summary>A span that came.</summary>
internal sealed record ReceivedSpan(string Instance, string Source, string Name, string Trace, string Id, string Parent);
