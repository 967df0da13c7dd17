using System.Collections.Concurrent;
using System.Globalization;

namespace Distributed.Telemetry.Tests.Received;

/// <summary>
/// The latest values of metrics as a page that Prometheus fetches, under the names that its own OTLP receiver gives them
/// (OpenTelemetry, "Prometheus and OpenMetrics Compatibility").
/// </summary>
internal sealed class MetricPage
{
    private readonly ConcurrentDictionary<string, double> _values = [];

    // opentelemetry/proto/metrics/v1: MetricsData.resource_metrics = 1; ResourceMetrics.resource = 1, .scope_metrics = 2;
    // ScopeMetrics.metrics = 2.
    public void Read(byte[] metrics)
    {
        foreach (ReadOnlyMemory<byte> resource in Protobuf.Fields(metrics, 1))
        {
            string instance = Attributes.Of(Protobuf.Field(resource, 1), 1)["service.instance.id"];
            foreach (ReadOnlyMemory<byte> metric in Protobuf.Fields(resource, 2).SelectMany(scope => Protobuf.Fields(scope, 2)))
                ReadMetric(metric, instance);
        }
    }

    public override string ToString() => string.Concat(
        _values.OrderBy(value => value.Key, StringComparer.Ordinal).Select(value => $"{value.Key} {Number(value.Value)}\n"));

    // Metric.name = 1, .unit = 3, .gauge = 5, .sum = 7, .histogram = 9; in each .data_points = 1; Sum.is_monotonic = 3;
    // NumberDataPoint.as_double = 4, .as_int = 6, .attributes = 7.
    private void ReadMetric(ReadOnlyMemory<byte> metric, string instance)
    {
        string name = Name(Protobuf.Text(metric, 1)) + Protobuf.Text(metric, 3) switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            "{operation}/s" => "_per_second",
            _ => "",
        };
        ReadOnlyMemory<byte> sum = Protobuf.Field(metric, 7);
        foreach (ReadOnlyMemory<byte> point in Protobuf.Fields(Protobuf.Field(metric, 5), 1).Concat(Protobuf.Fields(sum, 1)))
        {
            string full = Protobuf.Whole(sum, 3) == 1 ? name + "_total" : name;
            Set(full, Labels(point, 7, instance), Protobuf.Double(point, 4) ?? Protobuf.Long(point, 6) ?? 0);
        }
        foreach (ReadOnlyMemory<byte> point in Protobuf.Fields(Protobuf.Field(metric, 9), 1))
            ReadHistogram(name, point, Labels(point, 9, instance));
    }

    // HistogramDataPoint.count = 4, .sum = 5, .bucket_counts = 6, .explicit_bounds = 7, .attributes = 9.
    private void ReadHistogram(string name, ReadOnlyMemory<byte> point, string labels)
    {
        long[] buckets = Protobuf.Longs(point, 6), bounds = Protobuf.Longs(point, 7);
        long below = 0;
        for (int i = 0; i < buckets.Length; i++)
        {
            string bound = i < bounds.Length ? Number(BitConverter.Int64BitsToDouble(bounds[i])) : "+Inf";
            Set(name + "_bucket", $"{labels},le=\"{bound}\"", below += buckets[i]);
        }
        Set(name + "_count", labels, Protobuf.Long(point, 4) ?? 0);
        Set(name + "_sum", labels, Protobuf.Double(point, 5) ?? 0);
    }

    private void Set(string name, string labels, double value) => _values[$"{name}{{{labels}}}"] = value;

    private static string Labels(ReadOnlyMemory<byte> point, int field, string instance) => string.Join(',',
        Attributes.Of(point, field).Append(new("instance", instance)).Select(label => $"{Name(label.Key)}=\"{label.Value.Replace("\"", "\\\"", StringComparison.Ordinal)}\""));

    private static string Name(string text) => string.Concat(text.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
