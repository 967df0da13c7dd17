using Distributed.Engine.Jobs;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Spans;
using Distributed.Simulator.Model;
using Distributed.Simulator.Ring;

namespace Distributed.Simulator.Runs;

/// <summary>
/// How many query rows a silo must have at work for the next tile to come while it computes on the present one, found by
/// trying, beside what the rule says: c = F·b·(Hkv/Hq) / (2B) rows, of F operations a second, b bytes per element, and links
/// of B bytes a second. (Computing a tile of c keys on c rows takes 2·c²·Hq·(D + Dv)/F; its c·Hkv·(D + Dv)·b bytes take that
/// by B.)
/// </summary>
internal static class BandwidthRule
{
    private const int Silos = 4;
    private const double Hidden = 0.01;

    /// <summary>Kinds of silos: name, operations a second, heads, and element type.</summary>
    private static readonly (string Name, double Flops, int Heads, int KeyHeads, ElementType Type)[] Kinds =
    [
        ("CPU, 1 TFLOP/s, F32, every head its own keys", 1e12, 8, 8, ElementType.F32),
        ("CPU, 1 TFLOP/s, BF16, 4 query heads share keys", 1e12, 32, 8, ElementType.BF16),
        ("CPU, 4 TFLOP/s, BF16, 4 query heads share keys", 4e12, 32, 8, ElementType.BF16),
        ("GPU, 600 TFLOP/s, BF16, 8 query heads share keys", 600e12, 64, 8, ElementType.BF16),
    ];

    /// <summary>Prints the table.</summary>
    public static void Print(IReadOnlyList<double> gbits)
    {
        var table = new MarkdownTable("silo", "link", "rows by the rule", "rows in the simulator", "waiting with half as many");
        foreach ((var kind, double gbit) in
            from kind in Kinds
            from gbit in gbits
            select (kind, gbit))
        {
            double rule = Rows(kind.Flops, kind.Type.SizeInBytes(), (double)kind.KeyHeads / kind.Heads, gbit * 1e9 / 8);
            var job = new AttentionShape(1, kind.Heads, kind.KeyHeads, 0, 0, 128, 128);
            long rows = Smallest(kind.Flops, job, kind.Type, gbit, rule);
            table.Add(
                kind.Name, $"{gbit:g3} Gbit/s", $"{rule:n0}", $"{rows:n0}", $"{Waiting(kind.Flops, job, kind.Type, gbit, Math.Max(rows / 2, 1)):p0}");
            Console.Error.WriteLine($"{kind.Name}, {gbit} Gbit/s: {rows} rows, {rule:f0} by the rule");
        }
        Console.WriteLine($"{table}\n");
    }

    /// <summary>The rule.</summary>
    public static double Rows(double flops, int elementBytes, double headShare, double bytesPerSecond) =>
        flops * elementBytes * headShare / (2 * bytesPerSecond);

    /// <summary>The fewest rows at which blocks hardly wait, to a hundredth.</summary>
    public static long Smallest(double flops, AttentionShape job, ElementType type, double gbit, double near)
    {
        (double low, double high) = (near / 8, near * 8);
        while (high / low > 1.01)
        {
            double middle = Math.Sqrt(low * high);
            if (Waiting(flops, job, type, gbit, (long)middle) > Hidden)
                low = middle;
            else
                high = middle;
        }
        return (long)high;
    }

    /// <summary>Share of the time that blocks of so many rows wait, one on each silo.</summary>
    private static double Waiting(double flops, AttentionShape of, ElementType type, double gbit, long rows)
    {
        // A span is the grid's finest step; shorter ones let blocks have any number of rows.
        int spanRows = (int)Math.Min(rows, SpanGrid.MaxSpanRows);
        long block = rows / spanRows * spanRows;
        AttentionShape shape = of with { QueryRows = block * Silos, KeyRows = block * Silos };
        var job = new JobModel(shape, new AttentionOptions { SpanRows = spanRows }, type);
        var cluster = new ClusterModel
        {
            Silos = Silos,
            Speed = new Speed(flops / shape.FlopsPerPair, 1),
            LinkBytesPerSecond = gbit * 1e9 / 8,
            Latency = TimeSpan.Zero,
            BlocksAtOnce = 1,
            TileCacheBytes = long.MaxValue / 4,
            StoreBytesPerSecond = 1e15,
        };
        return ClusterSimulation.Run(cluster, job, job.Plan(cluster, Silos)).Waiting;
    }
}
