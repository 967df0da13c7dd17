using Distributed.Engine.Plan;
using Distributed.Simulator.Model;
using Distributed.Simulator.Ring;

namespace Distributed.Simulator.Runs;

/// <summary>Silos with a device that is many times as fast as a processor, and silos without one, in one ring.</summary>
/// <param name="cluster">The cluster with so many silos, all of them slow ones.</param>
/// <param name="job">The job of so many tokens with a mask.</param>
internal sealed class MixTable(Func<int, ClusterModel> cluster, Func<long, string, JobModel> job)
{
    /// <summary>How much too slow the devices seem to be before they have shown their speed: the probe runs another kernel than the job.</summary>
    private const double Misjudged = 0.1;

    private static readonly (int Fast, int Slow)[] Rings = [(1, 1), (1, 3), (1, 15), (4, 28)];

    /// <summary>Prints the table.</summary>
    /// <param name="ratios">How many times as fast the devices are.</param>
    /// <param name="tokens">Rows of the sequence.</param>
    /// <param name="masks">The masks.</param>
    public void Print(IReadOnlyList<double> ratios, long tokens, IReadOnlyList<string> masks)
    {
        var table = new MarkdownTable(
            "mask", "silos with a device", "without", "as fast as", "blocks", "of them without a device", "time", "efficiency",
            $"devices measured at {Misjudged:p0} of their speed");
        foreach ((string mask, double ratio, (int fast, int slow)) in
            from mask in masks
            from ratio in ratios
            from ring in Rings
            select (mask, ratio, ring))
        {
            int count = fast + slow;
            // Names decide who is where in the ring: devices at both ends and in between.
            bool[] isFast = [.. Enumerable.Range(0, count).Select(i => (i + 1) * fast / count > i * fast / count)];
            ClusterModel model = cluster(count) with { Factors = [.. isFast.Select(of => of ? ratio : 1)] };
            JobModel of = job(tokens, mask);
            JobPlan plan = of.Plan(model);
            SimulationResult result = ClusterSimulation.Run(model, of, plan);
            SimulationResult misjudged = ClusterSimulation.Run(
                model with { Measured = [.. isFast.Select(of => of ? ratio * Misjudged : 1)] }, of, plan);
            table.Add(
                mask, $"{fast}", $"{slow}", $"{ratio:g4}", $"{result.Blocks}", $"{result.SiloOf.Count(silo => !isFast[silo])}", Say.Time(result.Took),
                $"{result.Efficiency:p1}", $"{misjudged.Efficiency:p1}");
            Console.Error.WriteLine($"mixed: {mask}, {fast} + {slow}, {ratio:g4} times as fast: {result.Efficiency:p1}, {misjudged.Efficiency:p1}");
        }
        Console.WriteLine($"{table}\n");
    }
}
