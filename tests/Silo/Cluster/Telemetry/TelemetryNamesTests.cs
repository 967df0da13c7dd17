using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using Distributed.Engine.Telemetry;
using Distributed.Grains.Telemetry;
using Distributed.Silo.Cluster;
using Distributed.Silo.Telemetry;

namespace Distributed.Silo.Tests.Cluster.Telemetry;

/// <summary>What is emitted, what docs/telemetry.md says, and what dashboards and alerts ask for are the same.</summary>
public sealed partial class TelemetryNamesTests : IDisposable
{
    private readonly List<Instrument> _emitted = [];
    private readonly MeterListener _listener = new();

    public TelemetryNamesTests()
    {
        _listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name.StartsWith("Distributed.", StringComparison.Ordinal))
                _emitted.Add(instrument);
        };
        using var cluster = new ClusterMetrics(() => 0);
        using var queue = new QueueMetrics(() => []);
        _listener.Start();
        EngineMetrics.Publish();
        GrainsMetrics.Publish();
    }

    public void Dispose() => _listener.Dispose();

    [Fact]
    public void Every_instrument_is_in_the_documentation_with_its_kind_and_unit_and_nothing_else_is()
    {
        string[] emitted = [.. _emitted.Select(instrument => $"{instrument.Name}, {KindOf(instrument)}, {instrument.Unit}").Distinct().Order(StringComparer.Ordinal)];
        string[] documented = [.. Row().Matches(File.ReadAllText(At("docs", "telemetry.md")))
            .Select(row => $"{row.Groups["name"].Value}, {row.Groups["kind"].Value}, {row.Groups["unit"].Value}").Order(StringComparer.Ordinal)];

        Assert.NotEmpty(emitted);
        Assert.Equal(emitted, documented);
    }

    [Fact]
    public void Names_are_lowercase_and_dotted_and_each_instrument_has_a_unit_and_a_description()
    {
        Assert.All(_emitted, instrument =>
        {
            Assert.Matches("^attend(\\.[a-z]+)+$", instrument.Name);
            Assert.False(string.IsNullOrEmpty(instrument.Unit), $"{instrument.Name} has no unit.");
            Assert.False(string.IsNullOrEmpty(instrument.Description), $"{instrument.Name} has no description.");
        });
    }

    [Theory]
    [InlineData("alerts.yml")]
    [InlineData("grafana", "cluster.json")]
    [InlineData("grafana", "job.json")]
    public void Every_metric_asked_for_is_emitted(params string[] file)
    {
        HashSet<string> emitted = [.. _emitted.SelectMany(AsPrometheusNamesIt)];
        string[] asked = [.. Asked().Matches(File.ReadAllText(At(["deploy", "observability", .. file]))).Select(match => match.Value).Distinct()];

        Assert.NotEmpty(asked);
        string[] unknown = [.. asked.Where(name => !emitted.Contains(name))];
        Assert.True(unknown.Length == 0, $"{file[^1]} asks for {string.Join(", ", unknown)}, which no instrument is translated to.");
    }

    /// <summary>The translation of OpenTelemetry names that Prometheus' OTLP receiver makes.</summary>
    private static IEnumerable<string> AsPrometheusNamesIt(Instrument instrument)
    {
        string unit = instrument.Unit switch
        {
            "s" => "_seconds",
            "By" => "_bytes",
            "{operation}/s" => "_per_second",
            _ => "",
        };
        string name = instrument.Name.Replace('.', '_') + unit;
        return KindOf(instrument) switch
        {
            "counter" => [name + "_total"],
            "histogram" => [name + "_bucket", name + "_sum", name + "_count"],
            _ => [name],
        };
    }

    private static string KindOf(Instrument instrument)
    {
        string type = instrument.GetType().Name;
        return type.Contains("UpDownCounter", StringComparison.Ordinal) ? "up-down counter"
            : type.Contains("Counter", StringComparison.Ordinal) ? "counter"
            : type.Contains("Histogram", StringComparison.Ordinal) ? "histogram"
            : "gauge";
    }

    private static string At(params string[] path)
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Distributed.sln")))
            folder = folder.Parent;
        return Path.Combine([folder!.FullName, .. path]);
    }

    [GeneratedRegex(@"^\| `(?<name>[a-z.]+)` \| (?<kind>[a-z -]+) \| `(?<unit>[^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"\battend_[a-z_]+")]
    private static partial Regex Asked();
}
