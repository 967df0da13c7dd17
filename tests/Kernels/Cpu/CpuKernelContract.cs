using Distributed.Kernels.Cpu;
using Distributed.Kernels.Masks;

namespace Distributed.Kernels.Tests.Cpu;

/// <summary>What every CPU kernel must do, run for each one that this machine has.</summary>
public sealed class CpuKernelContract
{
    private const double Tolerance = 1e-6;

    public static TheoryData<string> Kernels => [.. CpuKernels.Supported.Select(kernel => kernel.Name)];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Agrees_with_float64_over_random_shapes_and_masks(string name)
    {
        CpuKernel kernel = Named(name);
        var random = new Random(1);
        for (int seed = 0; seed < 40; seed++)
        {
            int rows = random.Next(1, 300), keys = random.Next(1, 400), dim = random.Next(1, 140), valueDim = random.Next(1, 140);
            IAttentionMask mask = RandomMask(random, rows, keys);
            HeadCase head = HeadCase.Random(seed, rows, keys, dim, valueDim, mask);
            AssertClose(head, head.Run(kernel), $"{name} rows={rows} keys={keys} D={dim} Dv={valueDim} mask={mask.Description}");
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Agrees_with_float64_over_several_spans(string name)
    {
        foreach (IAttentionMask mask in new IAttentionMask[] { MaskSet.None, BandMask.Causal("top-left", 0), BandMask.Window(5, 700, 3) })
        {
            HeadCase head = HeadCase.Random(7, 1100, 2500, 64, 48, mask);
            AssertClose(head, head.Run(Named(name)), $"{name} {mask.Description}");
        }
    }

    internal static CpuKernel Named(string name) => CpuKernels.Supported.Single(kernel => kernel.Name == name);

    internal static IAttentionMask RandomMask(Random random, int rows, int keys) => random.Next(5) switch
    {
        0 => MaskSet.None,
        1 => BandMask.Causal("bottom-right", keys - rows),
        2 => BandMask.Window(random.Next(-rows, keys), random.Next(0, 50), random.Next(-1, 50)),
        3 => new ExcludedBandMask(random.Next(-rows, keys), random.Next(0, 20)),
        _ => new MaskSet(BandMask.Causal("top-left", 0), new ExcludedBandMask(0, random.Next(0, 20))),
    };

    private static void AssertClose(HeadCase head, (float[,] Output, float[] LogSumExp) actual, string what)
    {
        (double[,] output, double[] lse) = head.Reference();
        double largest = output.Cast<double>().Select(Math.Abs).DefaultIfEmpty(0).Max();
        for (int i = 0; i < head.Rows; i++)
        {
            for (int c = 0; c < output.GetLength(1); c++)
            {
                double error = Math.Abs(actual.Output[i, c] - output[i, c]);
                Assert.True(error <= Tolerance * largest, $"{what}: output [{i},{c}] is {actual.Output[i, c]}, expected {output[i, c]}");
            }
            double lseError = double.IsInfinity(lse[i]) && lse[i] == actual.LogSumExp[i] ? 0 : Math.Abs(actual.LogSumExp[i] - lse[i]);
            Assert.True(lseError <= 1e-6 * Math.Max(1, Math.Abs(lse[i])), $"{what}: LSE [{i}] is {actual.LogSumExp[i]}, expected {lse[i]}");
        }
    }
}
