using System.Diagnostics;
using System.Text.Json;

namespace Distributed.Simulator.Validation;

/// <summary>A job on real silos of one thread each, run by <c>attend cluster bench</c>.</summary>
/// <param name="attend">Path of <c>attend</c>.</param>
/// <param name="heads">Heads.</param>
/// <param name="dim">Elements of a head.</param>
internal sealed class RealRun(string attend, int heads, int dim)
{
    /// <summary>Where <c>attend</c> lies when all was built together: beside this program.</summary>
    public static string Beside
    {
        get
        {
            string here = AppContext.BaseDirectory.TrimEnd('/');
            return Path.GetFullPath(Path.Combine(here, "..", "..", "Cli", Path.GetFileName(here), "attend"));
        }
    }

    /// <summary>Seconds from handing the job in until its output is there: the median.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public async Task<double> SecondsAsync(int silos, long rows, bool causal, int rounds)
    {
        var start = new ProcessStartInfo(attend,
        [
            "cluster", "bench", "--silos", $"{silos}", "--rows", $"{rows}", "--heads", $"{heads}", "--head-size", $"{dim}",
            "--rounds", $"{rounds}", "--json", .. causal ? Array.Empty<string>() : ["--full"],
        ])
        { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{attend} {string.Join(' ', start.ArgumentList)} ended with {process.ExitCode}: {await errors}");
        double[] seconds = [.. JsonDocument.Parse(output).RootElement.GetProperty("rounds").EnumerateArray()
            .Select(round => round.GetProperty("together").GetDouble()).Order()];
        return seconds[seconds.Length / 2];
    }
}
