using System.ComponentModel;
using System.Diagnostics;

namespace Distributed.Gpu.Benchmarks;

/// <summary>What nvidia-smi says of clocks and power, where it is at hand: a rate means little without them.</summary>
internal static class Clocks
{
    /// <summary>What was seen, in order.</summary>
    public static List<string> Seen { get; } = [];

    /// <summary>Looks.</summary>
    public static void Look(string when)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(
                "nvidia-smi", "--query-gpu=name,driver_version,clocks.sm,clocks.max.sm,clocks.mem,power.draw,temperature.gpu --format=csv,noheader")
            { RedirectStandardOutput = true })!;
            Seen.Add($"{when}: {process.StandardOutput.ReadToEnd().Trim()}");
            process.WaitForExit();
        }
        catch (Win32Exception)
        {
            Seen.Add($"{when}: nvidia-smi is not at hand");
        }
    }
}
