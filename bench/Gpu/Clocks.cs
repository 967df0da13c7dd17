using System.ComponentModel;
using System.Diagnostics;

namespace Distributed.Gpu.Benchmarks;

/// <summary>What nvidia-smi says of clocks and power, where it is at hand: a rate means little without them.</summary>
internal static class Clocks
{
    /// <summary>What was seen, in order.</summary>
    public static List<string> Seen { get; } = [];

    /// <summary>Looks while a device has something to do.</summary>
    /// <param name="when">What it does, for people.</param>
    /// <param name="work">The work; done again until all is seen.</param>
    public static void Look(string when, Action work)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(
                "nvidia-smi", "--query-gpu=name,driver_version,clocks.sm,clocks.max.sm,clocks.mem,power.draw,temperature.gpu --format=csv,noheader")
            { RedirectStandardOutput = true })!;
            Task<string> said = process.StandardOutput.ReadToEndAsync();
            while (!said.IsCompleted)
                work();
            Seen.Add($"{when}: {said.Result.Trim()}");
            process.WaitForExit();
        }
        catch (Win32Exception)
        {
            Seen.Add($"{when}: nvidia-smi is not at hand");
        }
    }
}
