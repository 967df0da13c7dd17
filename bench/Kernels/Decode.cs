using Distributed.Kernels.Cpu;
using Distributed.Kernels.Cpu.Roofline;
using Distributed.Kernels.Numerics;

namespace Distributed.Kernels.Benchmarks;

/// <summary>One query row against a long sequence: keys and values are read once, so memory decides.</summary>
internal static class Decode
{
    public static int Run(string[] args)
    {
        WorkClock clock = args.Contains("--cpu-time") ? WorkClock.Thread : WorkClock.Wall;
        int keys = args.Length > 0 && int.TryParse(args[0], out int given) ? given : 65536;
        string only = Array.IndexOf(args, "--only") is int at and >= 0 ? args[at + 1] : "";
        foreach (int threads in new[] { 1, 2 })
        {
            foreach ((int heads, int keyHeads, int dim, ElementType type) in new[]
            {
                (8, 8, 64, ElementType.F32), (8, 8, 128, ElementType.F32), (32, 8, 128, ElementType.F32), (8, 8, 128, ElementType.BF16),
            })
            {
                string name = $"T={threads} D={dim} {heads}/{keyHeads} heads {type}";
                if (!name.Contains(only, StringComparison.Ordinal))
                    continue;
                var shape = new KernelShape(heads, keyHeads, 1, keys, dim, dim) { Type = type };
                using var rate = new KernelRate(CpuKernels.Best, shape);
                double best = double.MaxValue, bandwidth = 0;
                for (int repeat = 0; repeat < 10; repeat++)
                {
                    best = Math.Min(best, rate.Run(threads, clock));
                    if (repeat % 5 == 0) bandwidth = Math.Max(bandwidth, MachinePeak.ReadBandwidth(threads));
                }
                Console.WriteLine(
                    $"{name}, {keys} keys: {best * 1e3:F2} ms, {shape.KeyValueBytes / best / 1e9:F1} GB/s, " +
                    $"{shape.KeyValueBytes / best / bandwidth:P0} of {bandwidth / 1e9:F1} GB/s");
            }
        }
        return 0;
    }
}
