using Distributed.Simulator.Model;
using Distributed.Simulator.Ring;

namespace Distributed.Simulator.Runs;

/// <summary>Jobs of all lengths on clusters of all sizes: efficiency, bytes over a link, memory of a silo.</summary>
/// <param name="cluster">The cluster with so many silos.</param>
/// <param name="job">The job of so many tokens with a mask.</param>
internal sealed class SizeTables(Func<int, ClusterModel> cluster, Func<long, string, JobModel> job)
{
    /// <summary>Prints a table for each mask, lines side by side on all processors.</summary>
    public void Print(IReadOnlyList<int> silos, IReadOnlyList<double> tokens, IReadOnlyList<string> masks)
    {
        foreach (string mask in masks)
        {
            Console.WriteLine($"### {mask}\n");
            var table = new MarkdownTable(
                "tokens", "silos", "blocks", "time", "efficiency", "waiting for tiles", "most into a silo", "most out of one", "busiest link", "memory of a silo", "tiles in it");
            foreach (string[] row in (
                from rows in tokens
                from count in silos
                select (rows, count)).AsParallel().AsOrdered().Select(line => Row(line.rows, line.count, mask)))
            {
                table.Add(row);
            }
            Console.WriteLine($"{table}\n");
        }
    }

    private string[] Row(double rows, int count, string mask)
    {
        ClusterModel model = cluster(count);
        SimulationResult result = ClusterSimulation.Run(model, job((long)rows, mask));
        Console.Error.WriteLine($"{mask}, {Say.Tokens(rows)} tokens, {count} silos: {result.Efficiency:p1}");
        return
        [
            Say.Tokens(rows), $"{count}", $"{result.Blocks}", Say.Time(result.Took), $"{result.Efficiency:p1}", $"{result.Waiting:p1}",
            Say.Bytes(result.BytesIn.Max()), Say.Bytes(result.BytesOut.Max()),
            $"{(double)Math.Max(result.BytesIn.Max(), result.BytesOut.Max()) / model.LinkBytesPerSecond / result.Took.TotalSeconds:p1}",
            Say.Bytes(result.Memory), Say.Bytes(result.TileBytes),
        ];
    }
}
