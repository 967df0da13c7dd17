namespace Distributed.Cluster.Tests;

/// <summary>
/// How often the faults are tried: a few times in the everyday tests; with ATTEND_CLUSTER_RUNS=full as often as
/// docs/cluster.md says.
/// </summary>
internal static class Runs
{
    private static readonly bool Full = Environment.GetEnvironmentVariable("ATTEND_CLUSTER_RUNS") == "full";

    public static int Of(int few, int full) => Full ? full : few;

    public static TimeSpan LengthOf(TimeSpan few, TimeSpan full) => Full ? full : few;
}
