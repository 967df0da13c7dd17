using Distributed.Simulator.Model;
using Distributed.Simulator.Ring;

namespace Distributed.Simulator.Runs;

/// <summary>Jobs of all lengths on clusters of all sizes: efficiency, bytes over a link, memory of a silo.</summary>
/// <param name="cluster">The cluster with so many silos.</param>
/// <param name="job">The job of so many tokens with a mask.</param>
internal sealed class SizeTables(Func<int, ClusterModel> cluster, Func<long, string, JobModel> job)
{
    /// <summary>Prints a table for each mask, each row as soon as the ones before it are there.</summary>
    public void Print(IReadOnlyList<int> silos, IReadOnlyList<double> tokens, IReadOnlyList<string> masks)
    {
        foreach (string mask in masks)
        {
            Console.WriteLine($"### {mask}\n");
            var table = new MarkdownTable(
                "tokens", "silos", "blocks", "time", "efficiency", "waiting for tiles", "into the busiest link", "share of the link's time", "memory of a silo", "tiles in it");
            foreach ((double rows, int count) in
                from rows in tokens
                from count in silos
                select (rows, count))
            {
                ClusterModel model = cluster(count);
                SimulationResult result = ClusterSimulation.Run(model, job((long)rows, mask));
                table.Add(
                    Say.Tokens(rows), $"{count}", $"{result.Blocks}", Say.Time(result.Took), $"{result.Efficiency:p1}", $"{result.Waiting:p1}",
                    Say.Bytes(result.BytesIn.Max()), $"{result.BytesIn.Max() / model.LinkBytesPerSecond / result.Took.TotalSeconds:p1}",
                    Say.Bytes(result.Memory), Say.Bytes(result.TileBytes));
                Console.Error.WriteLine($"{mask}, {Say.Tokens(rows)} tokens, {count} silos: {result.Efficiency:p1}");
            }
            Console.WriteLine($"{table}\n");
        }
    }
}
