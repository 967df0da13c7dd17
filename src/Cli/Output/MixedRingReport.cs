using System.Text.Json;
using Distributed.Cli.Clusters;

namespace Distributed.Cli.Output;

/// <summary>What <c>attend cluster mixed</c> prints.</summary>
internal static class MixedRingReport
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>What is measured.</summary>
    public static void WriteHeading(TextWriter to, MixedRingOptions wanted) => to.WriteLine(
        $"{(wanted.Full ? "full" : wanted.Window is { } window ? $"causal, window of {window}" : "causal")}, S = {wanted.Rows}, {wanted.Heads} heads, "
        + $"D = {wanted.Dim}, F32, {wanted.Threads} threads a silo{(wanted.Pinned ? ", one processor each" : "")}");

    /// <summary>A run.</summary>
    public static void WriteRun(TextWriter to, string run, double seconds) => to.WriteLine($"{run,-24}{seconds,8:f2} s");

    /// <summary>What came out.</summary>
    public static void WriteSummary(TextWriter to, MixedRingResult result)
    {
        to.WriteLine($"{"by the sum of the rates",-24}{result.Ideal,8:f2} s: together {result.Share:p1} of it");
        to.WriteLine(
            $"blocks of each silo {string.Join(", ", result.Blocks)}, the last of them after {string.Join(", ", result.LastFinished.Select(seconds => $"{seconds:f2} s"))}");
        to.WriteLine(
            $"the runs together have {(result.SameBits ? "the same bits" : "different bits")}; "
            + $"they differ from each device alone by {(result.Difference == 0 ? "no bit" : $"at most {result.Difference:0.0e+0} of the largest output")}");
    }

    /// <summary>All of it, as one JSON object.</summary>
    public static void WriteJson(TextWriter to, MixedRingOptions wanted, MixedRingResult result) =>
        to.WriteLine(JsonSerializer.Serialize(new { wanted, result }, Indented));
}
