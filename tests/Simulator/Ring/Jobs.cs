using Distributed.Engine.Jobs;
using Distributed.Kernels.Numerics;
using Distributed.Simulator.Model;

namespace Distributed.Simulator.Tests.Ring;

/// <summary>Small jobs and clusters.</summary>
internal static class Jobs
{
    public const int Dim = 64;

    public static JobModel Of(long rows, AttentionOptions options, int queryHeads = 4, int keyHeads = 2) =>
        new(new AttentionShape(1, queryHeads, keyHeads, rows, rows, Dim, Dim), options, ElementType.F32);

    public static AttentionOptions Options(string mask) => mask switch
    {
        "full" => new AttentionOptions(),
        "causal" => new AttentionOptions { Causal = CausalAlignment.TopLeft },
        "window" => new AttentionOptions { Causal = CausalAlignment.TopLeft, Window = new SlidingWindow(5000, 0) },
        "both sides" => new AttentionOptions { Window = new SlidingWindow(3000, 4000) },
        _ => throw new ArgumentOutOfRangeException(nameof(mask), mask, "It is not a mask of these tests."),
    };

    public static ClusterModel Cluster(int silos) => new()
    {
        Silos = silos,
        Speed = new Speed(1e9, 1.25),
        LinkBytesPerSecond = 1e9,
    };
}
