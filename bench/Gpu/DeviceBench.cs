using System.Diagnostics;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Devices;
using Distributed.Kernels.Numerics;

namespace Distributed.Gpu.Benchmarks;

/// <summary>Checks and times the kernels of a device.</summary>
internal static unsafe class DeviceBench
{
    private const int CheckedRows = 1280, Rounds = 5, Times = 9;

    /// <summary>Every shape: correctness first, then time.</summary>
    public static IEnumerable<DeviceRate> Measure(AttentionDevice device, int rows, int heads, Action<string> tell)
    {
        foreach ((ElementType type, int dim) in new[]
        {
            (ElementType.F32, 128), (ElementType.F32, 64), (ElementType.BF16, 128), (ElementType.F16, 128), (ElementType.BF16, 64),
        })
        {
            foreach (bool isCausal in new[] { false, true })
            {
                DeviceRate rate = Measure(device, type, dim, rows, heads, isCausal);
                tell($"{rate.Type} D={dim} S={rows} {(isCausal ? "causal" : "full")}: {rate.Tflops:f1} TFLOP/s ({rate.TflopsWithCopies:f1} with copies){(rate.ShareOfMultiplyAddPeak is { } share ? $", {share:p0} of the multiply-add peak" : "")}, error {rate.Error:e1}{(rate.Right ? "" : ", WRONG")}, {rate.Kernel}");
                yield return rate;
            }
        }
    }

    private static DeviceRate Measure(AttentionDevice device, ElementType type, int dim, int rows, int heads, bool causal)
    {
        (double error, bool right, string kernel) = Check(device, type, dim, Math.Min(rows, CheckedRows), causal);
        using var problem = new Problem(type, dim, rows, heads, causal);
        using DeviceJob job = device.Open(problem.Shape);
        // Each key span once, then each so many times: the difference is the kernel's, without the copies of rows and states.
        double once = Best(job, problem, 1), alone = (Best(job, problem, Times) - once) / (Times - 1);
        problem.Reset();
        DeviceFold fold = problem.Fold(1);
        Clocks.Look($"{type} D={dim}{(causal ? " causal" : "")}", () => job.TryFold(fold, CancellationToken.None));
        double operations = 4.0 * dim * problem.Pairs;
        double tflops = operations / (alone > 0 ? alone : once) / 1e12;
        double? peak = device.Peak.MultiplyAdds > 0 ? device.Peak.MultiplyAdds * 2 / 1e12 : null;
        return new DeviceRate(
            type.ToString().ToLowerInvariant(), dim, rows, heads, causal, kernel, error, right, once, operations / once / 1e12, tflops, tflops / peak);
    }

    private static double Best(DeviceJob job, Problem problem, int times)
    {
        double best = double.PositiveInfinity;
        for (int round = 0; round <= Rounds; round++)
        {
            problem.Reset();
            DeviceFold fold = problem.Fold(times);
            long started = Stopwatch.GetTimestamp();
            if (!job.TryFold(fold, CancellationToken.None))
                throw new DeviceException("The device passed on a problem whose numbers are all finite.");
            // The first round compiles the kernel and uploads the spans.
            if (round > 0)
                best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
        return best;
    }

    private static (double Error, bool Right, string Kernel) Check(AttentionDevice device, ElementType type, int dim, int rows, bool causal)
    {
        using var problem = new Problem(type, dim, rows, 1, causal);
        using DeviceJob job = device.Open(problem.Shape);
        problem.Reset();
        if (!job.TryFold(problem.Fold(1), CancellationToken.None))
            return (double.NaN, false, job.Kernel);
        float[] actual = problem.Output();
        problem.Reset();
        problem.FoldOnCpu(CpuKernels.Best);
        float[] expected = problem.Output();
        double largest = expected.Max(Math.Abs), error = 0;
        for (int i = 0; i < expected.Length; i++)
            error = Math.Max(error, double.IsNaN(actual[i]) ? double.PositiveInfinity : Math.Abs((double)actual[i] - expected[i]) / largest);
        double allowed = job.SameBitsAsCpu ? 0 : type == ElementType.BF16 && job.Kernel.Contains("tensor", StringComparison.Ordinal) ? 2e-2
            : type == ElementType.F16 && job.Kernel.Contains("tensor", StringComparison.Ordinal) ? 3e-3 : 1e-5;
        return (error, error <= allowed, job.Kernel);
    }
}
