using System.Diagnostics;
using System.Text.Json;

namespace Distributed.Cluster.Tests.Telemetry;

/// <summary>
/// A Prometheus of its own for a test, with the rules of deploy/observability. Debian's has no OTLP receiver; it fetches
/// what the test's receiver took.
/// </summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    private static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(120);
    private readonly Process _process;
    private readonly HttpClient _http;
    private readonly string _folder;

    private PrometheusServer(Process process, Uri address, string folder)
    {
        (_process, _folder, Address) = (process, folder, address);
        _http = new HttpClient { BaseAddress = address };
        process.BeginErrorReadLine();
    }

    public Uri Address { get; }

    /// <summary>Starts one; leaves the test out where none is installed.</summary>
    /// <param name="metrics">Where it fetches metrics.</param>
    public static async Task<PrometheusServer> StartOrSkipAsync(Uri metrics)
    {
        string? program = Find();
        Assert.SkipWhen(
            program is null,
            "Prometheus is not installed (Debian: apt install prometheus, or .ci/prometheus); names of metrics are compared all the same.");
        string folder = Directory.CreateTempSubdirectory("prometheus").FullName;
        string configuration = Path.Combine(folder, "prometheus.yml");
        string deployed = await File.ReadAllTextAsync(Repository.At("deploy", "observability", "prometheus.yml"));
        await File.WriteAllTextAsync(configuration, $$"""
            {{deployed.Replace("alerts.yml", Repository.At("deploy", "observability", "alerts.yml"), StringComparison.Ordinal)}}
            scrape_configs:
              - job_name: attend-silo
                honor_labels: true
                scrape_interval: 2s
                scrape_timeout: 2s
                static_configs: [{ targets: ["{{metrics.Authority}}"] }]
            """);
        var address = new Uri($"http://127.0.0.1:{SiloProcess.FreePort()}/");
        var start = new ProcessStartInfo(program!) { RedirectStandardError = true };
        foreach (string argument in new[]
        {
            $"--config.file={configuration}", $"--storage.tsdb.path={Path.Combine(folder, "data")}",
            $"--web.listen-address={address.Authority}", "--log.level=warn",
        })
        {
            start.ArgumentList.Add(argument);
        }
        var server = new PrometheusServer(Process.Start(start)!, address, folder);
        await Until.FoundAsync(async () => await server.IsReadyAsync() ? "" : null, StartsWithin, () => $"Prometheus at {address} to be ready.");
        return server;
    }

    /// <summary>What a query gives: the values of its series.</summary>
    public async Task<double[]> QueryAsync(string query)
    {
        JsonElement answer = await AskAsync($"api/v1/query?query={Uri.EscapeDataString(query)}");
        Assert.True(answer.GetProperty("status").GetString() == "success", $"Prometheus refuses '{query}': {answer}");
        return [.. answer.GetProperty("data").GetProperty("result").EnumerateArray()
            .Select(series => double.Parse(series.GetProperty("value")[1].GetString()!.Replace("Inf", "Infinity", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture))];
    }

    /// <summary>Names of the alerts that it has loaded and understood.</summary>
    public async Task<string[]> AlertsAsync()
    {
        JsonElement answer = await AskAsync("api/v1/rules");
        return [.. answer.GetProperty("data").GetProperty("groups").EnumerateArray()
            .SelectMany(group => group.GetProperty("rules").EnumerateArray()).Select(rule => rule.GetProperty("name").GetString()!)];
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<JsonElement> AskAsync(string path)
    {
        using HttpResponseMessage answer = await _http.GetAsync(path);
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
    }

    private async Task<bool> IsReadyAsync()
    {
        Assert.False(_process.HasExited, "Prometheus ended as soon as it was started.");
        try
        {
            using HttpResponseMessage answer = await _http.GetAsync("-/ready");
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static string? Find() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(folder => Path.Combine(folder, "prometheus"))
            .Prepend(Repository.At("artifacts", "tools", "prometheus")).FirstOrDefault(File.Exists);
}
