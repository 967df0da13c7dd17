namespace Distributed.Cluster.Tests;

/// <summary>
/// How often the faults are tried: a few times in the everyday tests; with ATTEND_CLUSTER_RUNS=full as often as
/// docs/cluster.md says; with a number, so often, for one part of the full counts at a time.
/// </summary>
internal static class Runs
{
    private static readonly string? Asked = Environment.GetEnvironmentVariable("ATTEND_CLUSTER_RUNS");

    private static bool Full => Asked == "full";

    public static int Of(int few, int full) => Full ? full : int.TryParse(Asked, out int number) ? number : few;

    public static TimeSpan LengthOf(TimeSpan few, TimeSpan full) => Full ? full : few;
}
