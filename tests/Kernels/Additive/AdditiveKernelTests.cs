using Distributed.Kernels.Additive;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Tests.Cpu;

namespace Distributed.Kernels.Tests.Additive;

public sealed class AdditiveKernelTests
{
    public static TheoryData<string> Kernels => CpuKernelContract.Kernels;

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Agrees_with_float64_over_random_shapes_and_masks(string name)
    {
        var random = new Random(1);
        for (int seed = 0; seed < 25; seed++)
        {
            int rows = random.Next(1, 150), keys = random.Next(1, 300), dim = random.Next(1, 80), valueDim = random.Next(1, 50);
            HeadCase head = HeadCase.Random(seed, rows, keys, dim, valueDim, CpuKernelContract.RandomMask(random, rows, keys), scale: 1);
            float[] vector = Vector(seed, dim);

            (float[,] output, float[] lse) = head.Run(new AdditiveKernel(CpuKernelContract.Named(name), vector));

            AssertClose(head, vector, output, lse, $"{name} rows={rows} keys={keys} A={dim} Dv={valueDim} mask={head.Mask.Description}");
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Gives_the_bits_of_the_scalar_kernel(string name)
    {
        for (int seed = 0; seed < 12; seed++)
        {
            var random = new Random(100 + seed);
            int rows = random.Next(1, 250), keys = random.Next(1, 400), dim = random.Next(1, 50);
            HeadCase head = HeadCase.Random(seed, rows, keys, dim, 20, CpuKernelContract.RandomMask(random, rows, keys), scale: 0.8);
            float[] vector = Vector(seed, dim);
            (float[,] expected, float[] expectedLse) = head.Run(new AdditiveKernel(CpuKernels.Scalar, vector), ElementType.F32);
            (float[,] actual, float[] lse) = head.Run(new AdditiveKernel(CpuKernelContract.Named(name), vector), ElementType.F32);

            Assert.Equal(expected.Cast<float>().Select(BitConverter.SingleToInt32Bits), actual.Cast<float>().Select(BitConverter.SingleToInt32Bits));
            Assert.Equal(expectedLse.Select(BitConverter.SingleToInt32Bits), lse.Select(BitConverter.SingleToInt32Bits));
        }
    }

    /// <summary>Sums q + k near 0 of large q and k, infinite ones, and v for which no common denominator is a number.</summary>
    [Theory]
    [InlineData(42.9f, 1f)]
    [InlineData(43.1f, 1f)]
    [InlineData(300f, 1f)]
    [InlineData(1e30f, 1f)]
    [InlineData(20f, 3e9f)]
    public void Large_projections_that_cancel_are_as_exact_as_others(float size, float factor)
    {
        HeadCase head = HeadCase.Random(3, 20, 40, 6, 4, scale: 1 / factor);
        for (int d = 0; d < 6; d++)
        {
            head.Q[7, d] = size;
            head.K[11, d] = -size;
            head.K[12, d] = -size * 0.999f;
        }
        float[] vector = [.. Vector(3, 6).Select(v => v * factor)];

        (float[,] output, float[] lse) = head.Run(new AdditiveKernel(CpuKernels.Best, vector));

        AssertClose(head, vector, output, lse, $"q and k of {size}");
    }

    [Fact]
    public void A_NaN_in_a_query_poisons_its_row_and_one_in_a_key_the_rows_that_see_it()
    {
        HeadCase head = HeadCase.Random(3, 20, 20, 5, 4, BandMask.Causal("top-left", 0), scale: 1);
        head.Q[3, 2] = float.NaN;
        head.K[15, 1] = float.NaN;

        (float[,] output, float[] lse) = head.Run(new AdditiveKernel(CpuKernels.Best, Vector(1, 5)));

        for (int row = 0; row < 20; row++)
            Assert.Equal(row == 3 || row >= 15, float.IsNaN(output[row, 0]) && float.IsNaN(lse[row]));
    }

    private static float[] Vector(int seed, int dim)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, dim).Select(_ => (random.NextSingle() * 4 - 2) / MathF.Sqrt(dim))];
    }

    private static void AssertClose(HeadCase head, float[] vector, float[,] actual, float[] actualLse, string what)
    {
        Func<int, int, bool> sees = Reference.Sees(head.Mask);
        int keys = head.K.GetLength(0), dim = head.K.GetLength(1), valueDim = head.V.GetLength(1);
        for (int i = 0; i < head.Rows; i++)
        {
            double[] scores = [.. Enumerable.Range(0, keys).Select(j => sees(i, j)
                ? head.Scale * Enumerable.Range(0, dim).Sum(d => vector[d] * Math.Tanh((double)head.Q[i, d] + head.K[j, d]))
                : double.NegativeInfinity)];
            double max = scores.Max(), sum = double.IsNegativeInfinity(max) ? 0 : scores.Sum(score => Math.Exp(score - max));
            double expectedLse = sum == 0 ? double.NegativeInfinity : max + Math.Log(sum);
            Assert.True(expectedLse.Equals((double)actualLse[i]) || Math.Abs(expectedLse - actualLse[i]) <= 2e-6, $"{what}: LSE [{i}] is {actualLse[i]}, expected {expectedLse}");
            for (int c = 0; c < valueDim; c++)
            {
                double expected = sum == 0 ? 0 : Enumerable.Range(0, keys).Sum(j => Math.Exp(scores[j] - max) * head.V[j, c]) / sum;
                Assert.True(Math.Abs(expected - actual[i, c]) <= 3e-6, $"{what}: output [{i},{c}] is {actual[i, c]}, expected {expected}");
            }
        }
    }
}
