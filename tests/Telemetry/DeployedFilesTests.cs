using System.Text.Json;
using System.Text.RegularExpressions;

namespace Distributed.Telemetry.Tests;

/// <summary>The files of deploy/observability, as far as they can be checked without the programs that read them.</summary>
public sealed partial class DeployedFilesTests
{
    private static readonly string Folder = Path.Combine(Root(), "deploy", "observability");

    public static TheoryData<string> Dashboards => [.. Directory.GetFiles(Path.Combine(Folder, "grafana"), "*.json").Select(path => Path.GetFileName(path)!)];

    [Theory]
    [MemberData(nameof(Dashboards))]
    public void A_dashboard_can_be_imported_with_any_Prometheus(string name)
    {
        JsonElement board = Read(name);
        // From 36 on a data source is an object; 41 is that of Grafana 12.
        Assert.InRange(board.GetProperty("schemaVersion").GetInt32(), 36, 41);
        Assert.Matches("^[A-Za-z0-9_-]{1,40}$", board.GetProperty("uid").GetString());
        Assert.False(board.TryGetProperty("id", out _), "An id is given by the Grafana that imports it.");
        JsonElement[] variables = [.. board.GetProperty("templating").GetProperty("list").EnumerateArray()];
        JsonElement source = Assert.Single(variables, variable => variable.GetProperty("type").GetString() == "datasource");
        Assert.Equal(("source", "prometheus"), (source.GetProperty("name").GetString(), source.GetProperty("query").GetString()));
        foreach (JsonElement asks in variables.Where(variable => variable.GetProperty("type").GetString() == "query").Concat(Panels(board)))
            Assert.Equal("${source}", asks.GetProperty("datasource").GetProperty("uid").GetString());
    }

    [Theory]
    [MemberData(nameof(Dashboards))]
    public void Panels_have_ids_of_their_own_and_do_not_overlap(string name)
    {
        JsonElement[] panels = Panels(Read(name));
        Assert.Equal(panels.Length, panels.Select(panel => panel.GetProperty("id").GetInt32()).Distinct().Count());
        var taken = new HashSet<(int, int)>();
        foreach (JsonElement panel in panels)
        {
            string title = panel.GetProperty("title").GetString()!;
            Assert.Contains(panel.GetProperty("type").GetString(), (string[])["stat", "timeseries", "gauge", "bargauge", "table", "heatmap", "row", "text"]);
            string[] queries = [.. panel.GetProperty("targets").EnumerateArray().Select(target => target.GetProperty("refId").GetString()!)];
            Assert.True(queries.Distinct().Count() == queries.Length, $"{title} has two queries of one letter: {string.Join(", ", queries)}.");
            JsonElement at = panel.GetProperty("gridPos");
            (int x, int y, int w, int h) = (at.GetProperty("x").GetInt32(), at.GetProperty("y").GetInt32(), at.GetProperty("w").GetInt32(), at.GetProperty("h").GetInt32());
            Assert.True(x >= 0 && w > 0 && x + w <= 24, $"{title} leaves the 24 columns.");
            for (int cell = 0; cell < w * h; cell++)
                Assert.True(taken.Add((x + cell % w, y + cell / w)), $"{title} lies over another panel.");
        }
    }

    [Fact]
    public void Dashboards_have_addresses_of_their_own() =>
        Assert.Equal(Dashboards.Count, Dashboards.Select(name => Read(name.Data).GetProperty("uid").GetString()).Distinct().Count());

    [Fact]
    public void The_collectors_pipelines_name_what_it_defines_and_all_of_it()
    {
        string text = File.ReadAllText(Path.Combine(Folder, "collector.yml"));
        foreach (string kind in new[] { "receivers", "processors", "exporters" })
        {
            string section = Regex.Match(text, $@"^{kind}:\n((?:  .*\n)+)", RegexOptions.Multiline).Groups[1].Value;
            string[] defined = [.. Component().Matches(section).Select(match => match.Groups[1].Value)];
            string[] used = [.. Regex.Matches(text, $@"{kind}: \[([^\]]*)\]").SelectMany(match => match.Groups[1].Value.Split(", "))];
            Assert.NotEmpty(defined);
            Assert.Equal(defined.Order(), used.Distinct().Order());
        }
        string[] pipelines = [.. Regex.Matches(text, @"^    (\w+): \{ receivers:", RegexOptions.Multiline).Select(match => match.Groups[1].Value)];
        Assert.Equal(["metrics", "traces", "logs"], pipelines);
        Assert.All(Regex.Matches(text, @"processors: \[([^\]]*)\]"), match => Assert.StartsWith("memory_limiter", match.Groups[1].Value, StringComparison.Ordinal));
    }

    private static JsonElement Read(string name) => JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "grafana", name))).RootElement;

    private static JsonElement[] Panels(JsonElement board) => [.. board.GetProperty("panels").EnumerateArray()];

    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Distributed.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException($"No Distributed.sln above {AppContext.BaseDirectory}.");
    }

    [GeneratedRegex(@"^  ([\w/]+):", RegexOptions.Multiline)]
    private static partial Regex Component();
}
