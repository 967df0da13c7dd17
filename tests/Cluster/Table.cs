using Distributed.Cluster.Tests.Faults;

namespace Distributed.Cluster.Tests;

/// <summary>Lines of the table that docs/cluster.md holds, printed by the tests that measure them.</summary>
internal static class Table
{
    private static readonly Lock Lock = new();

    /// <summary>Prints a line, and appends it to the file that ATTEND_CLUSTER_TABLE names.</summary>
    public static void Add(string fault, int runs, FaultTimes times) => AddLine(
        $"| {fault} | {runs} | {runs} | {Range(times.Detected, "s")} | {Range(times.Recovered, "s")} | {Range(times.Redone, "%")} |");

    /// <summary>Prints a line of another kind, and appends it to the same file.</summary>
    public static void AddLine(string line)
    {
        lock (Lock)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(line);
            if (Environment.GetEnvironmentVariable("ATTEND_CLUSTER_TABLE") is { Length: > 0 } file)
                File.AppendAllText(file, line + "\n");
        }
    }

    private static string Range(List<double> numbers, string unit) => numbers.Count == 0
        ? "–"
        : $"{numbers.Order().ElementAt(numbers.Count / 2):f1} ({numbers.Min():f1}–{numbers.Max():f1}) {unit}";
}
