using System.Text.Json;
using System.Text.RegularExpressions;

namespace Distributed.Cluster.Tests.Telemetry;

/// <summary>What the Grafana dashboards and the alert rules ask Prometheus.</summary>
internal static partial class Questions
{
    /// <summary>Each panel of a dashboard with each of its queries, as Grafana sends them for all silos.</summary>
    public static IEnumerable<(string Panel, string Query)> OfDashboard(string name)
    {
        using JsonDocument board = JsonDocument.Parse(File.ReadAllText(Repository.At("deploy", "observability", "grafana", name)));
        foreach (JsonElement panel in board.RootElement.GetProperty("panels").EnumerateArray())
        {
            foreach (JsonElement target in panel.GetProperty("targets").EnumerateArray())
            {
                string query = target.GetProperty("expr").GetString()!
                    .Replace("$__rate_interval", "5m", StringComparison.Ordinal).Replace("$instance", ".*", StringComparison.Ordinal);
                Assert.DoesNotContain("$", query);
                yield return ($"{name}, {panel.GetProperty("title").GetString()}", query);
            }
        }
    }

    /// <summary>Each alert with the values that it compares with numbers: what is there whether or not it fires.</summary>
    public static IEnumerable<(string Alert, string Expression, string[] Values)> OfAlerts()
    {
        foreach (Match rule in Rule().Matches(File.ReadAllText(Repository.At("deploy", "observability", "alerts.yml"))))
        {
            string expression = rule.Groups["expression"].Value.Trim();
            yield return (rule.Groups["alert"].Value, expression, [.. expression.Split(" and ").Select(part => Comparison().Replace(part, ""))]);
        }
    }

    [GeneratedRegex(@"- alert: (?<alert>\w+)\s+expr: (?<expression>[^\n]+)")]
    private static partial Regex Rule();

    [GeneratedRegex(@" [<>] [\d.]+$")]
    private static partial Regex Comparison();
}
