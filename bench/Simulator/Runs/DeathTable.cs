using Distributed.Engine.Plan;
using Distributed.Simulator.Model;
using Distributed.Simulator.Ring;

namespace Distributed.Simulator.Runs;

/// <summary>What the death of a silo costs: the middle one dies when half of the time is over.</summary>
/// <param name="cluster">The cluster with so many silos.</param>
/// <param name="job">The job of so many tokens with a mask.</param>
internal sealed class DeathTable(Func<int, ClusterModel> cluster, Func<long, string, JobModel> job)
{
    /// <summary>Prints the table.</summary>
    public void Print(IReadOnlyList<int> silos, IReadOnlyList<double> tokens, IReadOnlyList<string> masks)
    {
        var table = new MarkdownTable("tokens", "silos", "mask", "time", "longer by", "at least", "work done again", "read from the store");
        foreach ((double rows, int count, string mask) in
            from rows in tokens
            from count in silos
            from mask in masks
            select (rows, count, mask))
        {
            ClusterModel model = cluster(count);
            JobModel of = job((long)rows, mask);
            JobPlan plan = of.Plan(model);
            TimeSpan without = ClusterSimulation.Run(model, of, plan).Took;
            SimulationResult with = ClusterSimulation.Run(model with { Deaths = [new Death(count / 2, without / 2)] }, of, plan);
            // The living have one silo's second half to do besides their own.
            TimeSpan least = without / 2 / (count - 1);
            table.Add(
                Say.Tokens(rows), $"{count}", mask, Say.Time(without), $"{Say.Time(with.Took - without)} ({(with.Took - without) / without:p1})",
                Say.Time(least), $"{with.CostLost / with.Cost:p3}", Say.Bytes(with.Traffic.Sum(traffic => (double)traffic.StoreBytes)));
            Console.Error.WriteLine($"a death: {mask}, {Say.Tokens(rows)} tokens, {count} silos: {with.Took - without} longer");
        }
        Console.WriteLine($"{table}\n");
    }
}
