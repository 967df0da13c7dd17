using System.Net;
using System.Text.RegularExpressions;

namespace Distributed.Silo.Tests.Dashboard;

/// <summary>The page and what it is made of, as they leave the server.</summary>
public sealed partial class AssetTests
{
    /// <summary>The name of SVG's namespace looks like an address, and nothing is fetched there.</summary>
    private const string SvgNamespace = "http://www.w3.org/2000/svg";

    [Fact]
    public async Task Everything_the_page_refers_to_is_there_under_a_policy_that_lets_nothing_else_in()
    {
        await using DashboardServer server = await DashboardServer.StartAsync();
        var waiting = new Queue<string>(["/"]);
        var seen = new HashSet<string>(waiting);
        while (waiting.TryDequeue(out string? path))
        {
            using HttpResponseMessage answer = await server.Http.GetAsync(path, TestContext.Current.CancellationToken);
            string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

            Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{path} is referred to, but the server answers {answer.StatusCode}.");
            string policy = answer.Headers.GetValues("Content-Security-Policy").Single();
            Assert.StartsWith("default-src 'none';", policy);
            Assert.DoesNotContain("unsafe", policy);
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            string[] outside = [.. Address().Matches(text.Replace(SvgNamespace, "", StringComparison.Ordinal)).Select(match => match.Value)];
            Assert.True(outside.Length == 0, $"{path} refers to {string.Join(", ", outside)}; no request may leave the server.");
            foreach (Match reference in Reference().Matches(text))
            {
                string to = new Uri(new Uri(server.Address, path == "/" ? "/" : path), reference.Groups[1].Value).AbsolutePath;
                if (seen.Add(to))
                    waiting.Enqueue(to);
            }
        }
        Assert.True(seen.Count > 10, $"The page is made of more than {string.Join(", ", seen)}.");
        string[] shipped = [.. typeof(Distributed.Silo.Hosting.SiloBuild).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith("dashboard/", StringComparison.Ordinal)).Select(name => "/" + name).Where(name => name != "/dashboard/index.html")];
        Assert.Equal(shipped.Order(StringComparer.Ordinal), seen.Where(path => path != "/").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("/dashboard/nothing.js")]
    [InlineData("/dashboard/..%2f..%2fetc%2fpasswd")]
    public async Task What_is_no_asset_is_not_found(string path)
    {
        await using DashboardServer server = await DashboardServer.StartAsync();

        using HttpResponseMessage answer = await server.Http.GetAsync(path, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task With_keys_the_page_is_for_everybody_and_what_it_shows_is_not()
    {
        string keys = Path.GetTempFileName();
        try
        {
            await using DashboardServer server = await DashboardServer.StartAsync(("keys", keys));

            Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, "/"));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, "/dashboard/main.js"));
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(server, "/v1/events"));
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(server, "/v1/jobs"));
        }
        finally
        {
            File.Delete(keys);
        }
    }

    [Fact]
    public async Task The_overview_streams_silos_and_jobs()
    {
        await using DashboardServer server = await DashboardServer.StartAsync();
        using var reader = new StreamReader(await server.Http.GetStreamAsync("/v1/events", TestContext.Current.CancellationToken));
        var lines = new List<string>();
        while (!lines.Any(line => line.StartsWith("event: jobs", StringComparison.Ordinal)))
            lines.Add(await reader.ReadLineAsync(TestContext.Current.CancellationToken) ?? throw new InvalidOperationException("The stream ended."));

        Assert.Equal("event: cluster", lines[0]);
        Assert.Contains("\"state\":\"active\"", lines[1]);
        Assert.Contains("\"peakPerThread\":", lines[1]);
    }

    private static async Task<HttpStatusCode> StatusAsync(DashboardServer server, string path)
    {
        using HttpResponseMessage answer = await server.Http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    [GeneratedRegex("(?:https?:)?//[a-z0-9.-]+\\.[a-z]{2,}[^\\s\"')]*", RegexOptions.IgnoreCase)]
    private static partial Regex Address();

    [GeneratedRegex("(?:src|href)=\"([^\"#]+)\"|from \"(?<1>\\./[^\"]+)\"")]
    private static partial Regex Reference();
}
