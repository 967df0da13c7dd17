namespace Distributed.Cluster.Tests;

/// <summary>Lines of the table that docs/cluster.md holds, printed by the tests that measure them.</summary>
internal static class Table
{
    private static readonly Lock Lock = new();

    /// <summary>Prints a line, and appends it to the file that ATTEND_CLUSTER_TABLE names.</summary>
    public static void Add(string fault, int runs, IReadOnlyList<double> recovery, IReadOnlyList<double> redone)
    {
        AddLine($"| {fault} | {runs} | {runs} | {Range(recovery, "f1", "s")} | {Range([.. redone.Select(share => share * 100)], "f1", "%")} |");
    }

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

    private static string Range(IReadOnlyList<double> numbers, string format, string unit) => numbers.Count == 0
        ? "–"
        : $"{numbers.Order().ElementAt(numbers.Count / 2).ToString(format)} ({numbers.Min().ToString(format)}–{numbers.Max().ToString(format)}) {unit}";
}
