using Distributed.Engine.Jobs;
using Distributed.Kernels.Numerics;
using Distributed.Simulator.Runs;

namespace Distributed.Simulator.Tests.Runs;

public class BandwidthRuleTests
{
    /// <summary>Where a tile is one part, the ring needs the rows that the rule says; the simulator does not know the rule.</summary>
    [Theory]
    [InlineData(1e12, 32, 8, 10, 200)]
    [InlineData(4e12, 32, 8, 100, 80)]
    [InlineData(1e12, 8, 8, 100, 80)]
    public void The_rule_comes_out_of_the_ring(double flops, int heads, int keyHeads, double gbit, double rule)
    {
        Assert.Equal(rule, BandwidthRule.Rows(flops, sizeof(short), (double)keyHeads / heads, gbit * 1e9 / 8), tolerance: 1e-9);
        long found = BandwidthRule.Smallest(flops, new AttentionShape(1, heads, keyHeads, 0, 0, 128, 128), ElementType.BF16, gbit, near: rule * 2);
        Assert.InRange(found, rule * 0.95, rule * 1.05);
    }
}
