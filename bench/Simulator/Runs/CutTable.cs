using Distributed.Engine.Plan;
using Distributed.Simulator.Model;
using Distributed.Simulator.Ring;

namespace Distributed.Simulator.Runs;

/// <summary>
/// What hangs on the number of blocks: few of them pull each tile seldom; many lose less with a silo and let unequal silos
/// end together.
/// </summary>
/// <param name="cluster">The cluster.</param>
/// <param name="job">The job with a mask.</param>
internal sealed class CutTable(ClusterModel cluster, Func<string, JobModel> job)
{
    private const double Spread = 0.5;

    /// <summary>Prints the table.</summary>
    /// <param name="perSlot">Blocks for each one that the cluster computes at a time.</param>
    /// <param name="masks">The masks.</param>
    /// <param name="seed">Seed of the unequal silos.</param>
    public void Print(IReadOnlyList<int> perSlot, IReadOnlyList<string> masks, int seed)
    {
        var table = new MarkdownTable(
            "mask", "blocks per slot", "efficiency", $"silos unequal by up to {Spread:p0}", "a death", "into the busiest link", "memory of a silo");
        foreach ((string mask, int blocks) in
            from mask in masks
            from blocks in perSlot
            select (mask, blocks))
        {
            JobModel of = job(mask);
            JobPlan plan = of.Plan(cluster, cluster.Silos * cluster.BlocksAtOnce * blocks);
            SimulationResult result = ClusterSimulation.Run(cluster, of, plan);
            SimulationResult unequal = ClusterSimulation.Run(
                cluster with { Factors = Stragglers.Draw(cluster.Silos, Spread, seed) }, of, plan);
            SimulationResult death = ClusterSimulation.Run(
                cluster with { Deaths = [new Death(cluster.Silos / 2, result.Took / 2)] }, of, plan);
            table.Add(
                mask, $"{blocks}", $"{result.Efficiency:p1}", $"{unequal.Efficiency:p1}", $"{(death.Took - result.Took) / result.Took:p1}",
                Say.Bytes(result.BytesIn.Max()), Say.Bytes(result.Memory));
            Console.Error.WriteLine($"{blocks} blocks per slot, {mask}: {result.Efficiency:p1}");
        }
        Console.WriteLine($"{table}\n");
    }
}
