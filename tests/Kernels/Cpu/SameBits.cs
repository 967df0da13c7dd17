using Distributed.Kernels.Cpu;
using Distributed.Kernels.Masks;

namespace Distributed.Kernels.Tests.Cpu;

/// <summary>Every kernel gives the bits of the scalar one.</summary>
public sealed class SameBits
{
    public static TheoryData<string> Vectorised =>
        [.. CpuKernels.Supported.Where(kernel => kernel != CpuKernels.Scalar).Select(kernel => kernel.Name)];

    [Theory]
    [MemberData(nameof(Vectorised))]
    public void As_scalar_over_random_shapes_and_masks(string name)
    {
        var random = new Random(2);
        for (int seed = 0; seed < 40; seed++)
        {
            int rows = random.Next(1, 250), keys = random.Next(1, 500), dim = random.Next(1, 140), valueDim = random.Next(1, 200);
            HeadCase head = HeadCase.Random(
                seed, rows, keys, dim, valueDim, CpuKernelContract.RandomMask(random, rows, keys), scale: random.NextDouble());
            AssertSameBits(head, name, $"{name} rows={rows} keys={keys} D={dim} Dv={valueDim} mask={head.Mask.Description}");
        }
    }

    [Theory]
    [MemberData(nameof(Vectorised))]
    public void As_scalar_over_several_spans(string name)
    {
        AssertSameBits(HeadCase.Random(3, 1500, 2600, 40, 24), name, name);
        AssertSameBits(HeadCase.Random(4, 1500, 1500, 40, 24, BandMask.Causal("top-left", 0)), name, name + " causal");
    }

    private static void AssertSameBits(HeadCase head, string name, string what)
    {
        (float[,] expected, float[] expectedLse) = head.Run(CpuKernels.Scalar);
        (float[,] actual, float[] actualLse) = head.Run(CpuKernelContract.Named(name));
        for (int i = 0; i < head.Rows; i++)
        {
            for (int c = 0; c < expected.GetLength(1); c++)
            {
                Assert.True(
                    BitConverter.SingleToInt32Bits(expected[i, c]) == BitConverter.SingleToInt32Bits(actual[i, c]),
                    $"{what}: output [{i},{c}] is {actual[i, c]:R}, the scalar kernel gives {expected[i, c]:R}");
            }
            Assert.Equal(BitConverter.SingleToInt32Bits(expectedLse[i]), BitConverter.SingleToInt32Bits(actualLse[i]));
        }
    }
}
