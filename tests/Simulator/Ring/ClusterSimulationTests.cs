using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Engine.Tiles;
using Distributed.Simulator.Model;
using Distributed.Simulator.Ring;

namespace Distributed.Simulator.Tests.Ring;

public class ClusterSimulationTests
{
    /// <summary>Two silos with one block each: what happens can be said on paper.</summary>
    [Theory]
    [InlineData(1e9)] // The other tile is there before it is needed.
    [InlineData(1e8)] // It is not.
    public void Two_silos_take_the_time_that_they_take_on_paper(double linkBytesPerSecond)
    {
        const long Rows = 2048, Span = 1024;
        const int Heads = 2;
        JobModel job = Jobs.Of(Rows, new AttentionOptions(), Heads, Heads);
        ClusterModel model = Jobs.Cluster(2) with
        {
            BlocksAtOnce = 1,
            LinkBytesPerSecond = linkBytesPerSecond,
            Latency = TimeSpan.FromMilliseconds(0.5),
            StoreBytesPerSecond = 1e8,
            Turnaround = TimeSpan.FromMilliseconds(3),
        };

        SimulationResult result = ClusterSimulation.Run(model, job, job.Plan(model, blocks: 2));

        double fold = Span * Span * Heads / 1e9;
        double tileBytes = Span * Heads * 2 * Jobs.Dim * sizeof(float);
        // Two messages to connect, one to ask; the answer's last byte comes one latency behind its sending.
        double tile = 4 * 0.0005 + tileBytes / linkBytesPerSecond;
        double rows = Span * Heads * (Jobs.Dim + 1) * sizeof(float) / 1e8;
        double expected = fold + Math.Max(0, tile - fold) + fold + rows + 0.003;
        Assert.Equal(expected, result.Took.TotalSeconds, tolerance: 2e-6);
        Assert.Equal([(long)tileBytes, (long)tileBytes], result.BytesIn);
        Assert.Equal(2 * fold / expected, result.Efficiency, tolerance: 1e-4);
    }

    [Fact]
    public void Where_no_core_is_spare_a_silo_computes_later_by_what_it_sends_and_receives()
    {
        const long Rows = 2048, Span = 1024;
        const int Heads = 2;
        const double SecondsPerByte = 1e-9;
        JobModel job = Jobs.Of(Rows, new AttentionOptions(), Heads, Heads);
        ClusterModel model = Jobs.Cluster(2) with { BlocksAtOnce = 1 };

        TimeSpan spare = ClusterSimulation.Run(model, job, job.Plan(model, blocks: 2)).Took;
        TimeSpan taken = ClusterSimulation.Run(model with { SecondsPerByte = SecondsPerByte }, job, job.Plan(model, blocks: 2)).Took;

        // Each sends its own tile and receives the other's.
        double tileBytes = Span * Heads * 2 * Jobs.Dim * sizeof(float);
        Assert.Equal(2 * tileBytes * SecondsPerByte, (taken - spare).TotalSeconds, tolerance: 2e-6);
    }

    [Theory]
    [InlineData("full", 3)]
    [InlineData("causal", 4)]
    [InlineData("window", 5)]
    [InlineData("both sides", 4)]
    [InlineData("full", 8)]
    public void Every_tile_that_a_silo_needs_comes_into_it_once_and_all_work_is_done_once(string mask, int silos)
    {
        JobModel job = Jobs.Of(100_000, Jobs.Options(mask));
        ClusterModel model = Jobs.Cluster(silos);
        JobPlan plan = job.Plan(model);

        SimulationResult result = ClusterSimulation.Run(model, job, plan);

        Assert.Equal(result.Cost, result.CostDone, tolerance: result.Cost * 1e-12);
        Assert.Equal(0, result.CostLost);
        Assert.Equal(plan.Cost * job.Shape.QueryHeads, result.Cost, tolerance: 1);
        var layout = new TileLayout(plan, job.Type, job.Type);
        for (int silo = 0; silo < silos; silo++)
        {
            PlannedBlock[] needed = [.. plan.Blocks.Where(tile => plan.Blocks.Any(block =>
                result.SiloOf[block.Index] == silo && Pairs(plan, block, tile) > 0))];
            Assert.All(needed, tile => Assert.True(
                result.Asked[silo].Contains(tile.Index) || result.OwnersOf[tile.Index].Contains(silo),
                $"Silo {silo} needs tile {tile.Index}, which it neither owned nor asked for."));
            Assert.Empty(result.Asked[silo].Except(needed.Select(tile => tile.Index)));
            long bytes = result.Asked[silo].Sum(layout.BytesOf);
            Assert.Equal(bytes, result.BytesIn[silo]);
            Assert.Equal(bytes, result.Traffic[silo].NeighbourBytes + result.Traffic[silo].OwnerBytes);
            Assert.Equal(0, result.Traffic[silo].StoreBytes);
        }
        Assert.Equal(result.BytesIn.Sum(), result.BytesOut.Sum());
        PairCounts all = plan.PairsIn(new SpanRectangle(0, plan.QueryGrid.Count, 0, plan.KeyGrid.Count));
        var whole = new PairCounts(all.Full * job.Shape.QueryHeads, all.Partial * job.Shape.QueryHeads);
        Assert.Equal(
            model.Speed.TimeFor(whole).TotalSeconds, result.Busy.Sum(busy => busy.TotalSeconds), tolerance: 1e-3);
    }

    [Theory]
    [InlineData("full")]
    [InlineData("causal")]
    [InlineData("window")]
    public void A_death_costs_only_what_that_silo_had_not_saved(string mask)
    {
        JobModel job = Jobs.Of(200_000, Jobs.Options(mask));
        ClusterModel model = Jobs.Cluster(5) with { CheckpointInterval = TimeSpan.FromSeconds(1000) };
        JobPlan plan = job.Plan(model);
        SimulationResult without = ClusterSimulation.Run(model, job, plan);

        SimulationResult with = ClusterSimulation.Run(model with { Deaths = [new Death(2, without.Took * 0.6)] }, job, plan);

        Assert.Equal(with.Cost, with.CostDone, tolerance: with.Cost * 1e-12);
        double twoBlocks = plan.Blocks.Max(block => block.Cost) * job.Shape.QueryHeads * model.BlocksAtOnce;
        Assert.True(with.CostLost > 0, "The death hit nothing, so it shows nothing.");
        Assert.True(with.CostLost <= twoBlocks, $"{with.CostLost} was lost, more than the two blocks that were at work, {twoBlocks}.");
        // What the living did is what they finished: nothing of it was done twice.
        for (int silo = 0; silo < model.Silos; silo++)
        {
            if (silo != 2)
                Assert.Equal(model.Speed.TimeFor(with.WorkOf[silo]).TotalSeconds, with.Busy[silo].TotalSeconds, tolerance: 1e-3);
        }
        SimulationResult saved = ClusterSimulation.Run(
            model with { CheckpointInterval = TimeSpan.FromSeconds(0.05), Deaths = [new Death(2, without.Took * 0.6)] }, job, plan);
        // Blocks behind a window have hardly a tile between which they could be saved.
        Assert.True(mask == "window" || saved.CostLost < with.CostLost, $"Checkpoints left {saved.CostLost} to be done again, no less than without, {with.CostLost}.");
        Assert.True(with.Took > without.Took);
        Assert.True(
            with.Took < without.Took + model.Detection + without.Took * 0.5,
            $"It took {with.Took} instead of {without.Took}: a fifth of the silos cannot be missed so much.");
    }

    [Fact]
    public void A_run_can_be_repeated_to_the_last_tick()
    {
        JobModel job = Jobs.Of(150_000, Jobs.Options("causal"));
        ClusterModel model = Jobs.Cluster(7) with { Factors = Stragglers.Draw(7, spread: 0.3, seed: 5), Deaths = [new Death(1, TimeSpan.FromSeconds(4))] };
        SimulationResult one = ClusterSimulation.Run(model, job), other = ClusterSimulation.Run(model, job);
        Assert.Equal(one.Took, other.Took);
        Assert.Equal(one.BytesIn, other.BytesIn);
        Assert.Equal(one.SiloOf, other.SiloOf);
    }

    [Fact]
    public void Slow_silos_get_less_work_so_that_all_end_together()
    {
        JobModel job = Jobs.Of(400_000, Jobs.Options("full"));
        ClusterModel model = Jobs.Cluster(4) with { Factors = [1, 1, 0.5, 1] };
        SimulationResult result = ClusterSimulation.Run(model, job);
        Assert.True(result.Efficiency > 0.9, $"One slow silo of four leaves {result.Efficiency:p1} of the speed that there is.");
        Assert.InRange(result.SiloOf.Count(silo => silo == 2) / (double)result.Blocks, 0.10, 0.18);
    }

    private static double Pairs(JobPlan plan, PlannedBlock block, PlannedBlock tile) =>
        plan.PairsIn(new SpanRectangle(block.FirstQuerySpan, block.QuerySpans, tile.FirstKeySpan, tile.KeySpans)).Cost;
}
