using System.Diagnostics;

namespace Distributed.Silo.Tests.Atlas;

/// <summary>Chromium without a window.</summary>
internal static class Browser
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

    /// <summary>The document of a page after its scripts have run. The test is skipped where there is no browser.</summary>
    public static async Task<string> ShowAsync(Uri page)
    {
        string? program = Places.FirstOrDefault(File.Exists);
        Assert.SkipWhen(program is null, "There is no Chromium on this machine.");
        string profile = Directory.CreateTempSubdirectory("chromium").FullName;
        try
        {
            var start = new ProcessStartInfo(program!, [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", $"--user-data-dir={profile}", "--window-size=1000,700",
                "--virtual-time-budget=10000", "--dump-dom", page.ToString(),
            ])
            { RedirectStandardOutput = true, RedirectStandardError = true };
            using Process browser = Process.Start(start)!;
            using var late = new CancellationTokenSource(Patience);
            Task<string> shown = browser.StandardOutput.ReadToEndAsync(late.Token), said = browser.StandardError.ReadToEndAsync(late.Token);
            try
            {
                await browser.WaitForExitAsync(late.Token);
                await said;
                return await shown;
            }
            catch (OperationCanceledException)
            {
                browser.Kill(entireProcessTree: true);
                throw new TimeoutException($"Chromium did not show {page} within {Patience}.");
            }
        }
        finally
        {
            Directory.Delete(profile, recursive: true);
        }
    }
}
