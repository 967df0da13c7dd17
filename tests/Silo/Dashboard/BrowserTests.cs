using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Distributed.Silo.Tests.Dashboard;

/// <summary>The page in a real Chromium, as far as its command line goes: what it draws, and what it complains of.</summary>
public sealed partial class BrowserTests
{
    private static readonly string[] Names = ["chromium", "chromium-browser", "google-chrome"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Chromium_draws_the_overview_without_a_complaint()
    {
        await using DashboardServer server = await DashboardServer.StartAsync();

        (string page, string said) = await OpenAsync(server.Address);

        Assert.Empty(Complaints(said));
        Assert.Contains("class=\"silos\"", page);
        Assert.Contains("at work", page);
        Assert.Contains("There are no jobs.", page);
    }

    [Fact]
    public async Task Chromium_asks_for_a_key_where_one_is_needed()
    {
        string keys = Path.GetTempFileName();
        try
        {
            await using DashboardServer server = await DashboardServer.StartAsync(("keys", keys));

            (string page, string said) = await OpenAsync(server.Address);

            // The refusal of the API is in the console, and that is all.
            Assert.All(Complaints(said), complaint => Assert.Contains("401", complaint));
            Assert.Matches("<dialog id=\"key\"[^>]* open", page);
            Assert.DoesNotContain("class=\"silos\"", page);
        }
        finally
        {
            File.Delete(keys);
        }
    }

    /// <summary>Opens a page and gives it a few seconds of its own time.</summary>
    /// <returns>What the page has become, and what the browser said.</returns>
    private static async Task<(string Page, string Said)> OpenAsync(Uri address)
    {
        string? program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .SelectMany(folder => Names.Select(name => Path.Combine(folder, name))).FirstOrDefault(File.Exists);
        Assert.SkipWhen(program is null, "Chromium is not installed (Debian: apt install chromium); the dashboard is not looked at in a browser.");
        string profile = Directory.CreateTempSubdirectory("chromium").FullName;
        try
        {
            var start = new ProcessStartInfo(program!) { RedirectStandardOutput = true, RedirectStandardError = true };
            foreach (string argument in new[]
            {
                "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", $"--user-data-dir={profile}", "--enable-logging=stderr",
                "--log-level=0", "--virtual-time-budget=5000", "--dump-dom", address.ToString(),
            })
            {
                start.ArgumentList.Add(argument);
            }
            using Process browser = Process.Start(start)!;
            using var late = new CancellationTokenSource(Patience);
            Task<string> page = browser.StandardOutput.ReadToEndAsync(late.Token), said = browser.StandardError.ReadToEndAsync(late.Token);
            try
            {
                await browser.WaitForExitAsync(late.Token);
                return (await page, await said);
            }
            catch (OperationCanceledException)
            {
                browser.Kill(entireProcessTree: true);
                throw new TimeoutException($"Chromium has not shown {address} within {Patience.TotalSeconds} s.");
            }
        }
        finally
        {
            Directory.Delete(profile, recursive: true);
        }
    }

    private static string[] Complaints(string said) => [.. Console().Matches(said).Select(match => match.Value)];

    [GeneratedRegex(@"[^\n]*CONSOLE[^\n]*")]
    private static partial Regex Console();
}
