using Distributed.Kernels.Cpu;
using Distributed.Kernels.Cpu.Roofline;
using Distributed.Kernels.Numerics;

namespace Distributed.Kernels.Benchmarks;

/// <summary>The share of the machine's multiply-add peak that a kernel reaches, the peak measured around every run.</summary>
internal static class Shares
{
    /// <summary>Packed documents of 900 to 7,300 rows, none of whose ends is one of a span.</summary>
    private static readonly long[] Documents = [0, 2300, 5900, 6800, 14_100, 16_300, 21_700, 27_000, 32_768];

    public static int Run(string[] args)
    {
        string Option(string name, string otherwise) =>
            Array.IndexOf(args, name) is int at and >= 0 && at + 1 < args.Length ? args[at + 1] : otherwise;
        string wanted = Option("--kernel", CpuKernels.Best.Name), only = Option("--only", "");
        CpuKernel kernel = CpuKernels.Supported.Single(kernel => kernel.Name == wanted);
        WorkClock clock = args.Contains("--cpu-time") ? WorkClock.Thread : WorkClock.Wall;
        int bits = PeakShare.RegisterBits(kernel);
        double seconds = double.Parse(Option("--seconds", "1"));
        int[] threadCounts = [.. Option("--threads", "1,2").Split(',').Select(int.Parse)];
        foreach (int threads in threadCounts)
            Console.WriteLine($"peak, {threads} thread(s): {MachinePeak.MultiplyAddRate(threads, bits, clock, 0.2) / 1e9:F0} GFLOP/s");
        foreach ((string name, KernelShape shape) in Table())
        {
            if (!name.Contains(only, StringComparison.Ordinal))
                continue;
            foreach (int threads in threadCounts)
            {
                PeakShare share = PeakShare.Measure(kernel, shape, threads, clock, seconds);
                Console.WriteLine(
                    $"{name,-34} T={threads}  best {share.Best,6:P1}  median {share.Median,6:P1}  " +
                    $"{share.Rate / 1e9,6:F0} GFLOP/s  ({share.Runs} runs, peak {share.Peak / 1e9:F0})");
            }
        }
        return 0;
    }

    private static IEnumerable<(string Name, KernelShape Shape)> Table()
    {
        foreach (int dim in new[] { 64, 128 })
        {
            foreach ((int rows, int heads) in new[] { (4096, 8), (16384, 1) })
            {
                KernelShape full = KernelShape.Square(heads, rows, dim);
                yield return ($"D={dim} S={rows} full", full);
                yield return ($"D={dim} S={rows} causal", full.AsCausal());
            }
        }
        foreach ((int dim, int valueDim) in new[] { (32, 32), (80, 80), (96, 96), (192, 192), (256, 256), (192, 128), (64, 128) })
        {
            var full = new KernelShape(4, 4, 4096, 4096, dim, valueDim);
            yield return ($"D={dim} Dv={valueDim} S=4096 full", full);
            yield return ($"D={dim} Dv={valueDim} S=4096 causal", full.AsCausal());
        }
        KernelShape plain = KernelShape.Square(8, 4096, 128);
        yield return ("D=128 S=4096 full F16", plain with { Type = ElementType.F16 });
        yield return ("D=128 S=4096 full BF16", plain with { Type = ElementType.BF16 });
        yield return ("D=128 S=4096 full 8/2 heads", plain with { KeyHeads = 2 });
        yield return ("D=64 S=128 full 32 heads", KernelShape.Square(32, 128, 64));
        foreach (int dim in new[] { 64, 128 })
        {
            KernelShape packed = KernelShape.Square(1, (int)Documents[^1], dim);
            yield return ($"D={dim} S={Documents[^1]} documents", packed.AsDocuments(Documents, causal: false));
            yield return ($"D={dim} S={Documents[^1]} documents causal", packed.AsDocuments(Documents, causal: true));
        }
        yield return ("D=128 S=65536 window 4096", KernelShape.Square(1, 65536, 128).AsWindow(4096));
    }
}
