using Distributed.Kernels.Masks;

namespace Distributed.Kernels.Tests.Cpu;

/// <summary>NaN and infinity come out in exactly the rows that saw them.</summary>
public sealed class NonFiniteInputs
{
    private const int Rows = 40, Keys = 150, Dim = 20, ValueDim = 35;

    public static TheoryData<string> Kernels => CpuKernelContract.Kernels;

    public static IAttentionMask Causal => BandMask.Causal("bottom-right", Keys - Rows);

    [Theory]
    [MemberData(nameof(Kernels))]
    public void NaN_in_a_query_poisons_that_row_alone(string name)
    {
        HeadCase head = HeadCase.Random(1, Rows, Keys, Dim, ValueDim, Causal);
        head.Q[17, 3] = float.NaN;
        AssertPoisoned(head, name, row => row == 17);
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void NaN_with_any_payload_in_a_key_poisons_the_rows_that_see_it(string name)
    {
        HeadCase head = HeadCase.Random(2, Rows, Keys, Dim, ValueDim, Causal);
        head.K[130, 5] = BitConverter.Int32BitsToSingle(0x7FC0_01FF);
        AssertPoisoned(head, name, row => row + Keys - Rows >= 130);
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void NaN_in_a_value_poisons_the_rows_that_see_it(string name)
    {
        HeadCase head = HeadCase.Random(3, Rows, Keys, Dim, ValueDim, Causal);
        head.V[125, 30] = float.NaN;
        AssertColumnPoisoned(head, name, row => row + Keys - Rows >= 125, 30);
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void A_hidden_infinite_value_changes_nothing(string name)
    {
        IAttentionMask mask = new ExcludedBandMask(50, 200);
        HeadCase head = HeadCase.Random(4, Rows, 400, Dim, ValueDim, mask), clean = HeadCase.Random(4, Rows, 400, Dim, ValueDim, mask);
        head.V[80, 3] = float.PositiveInfinity;
        head.K[81, 0] = float.NaN;
        head.V[79, 0] = float.NaN;
        Assert.Equal(clean.Run(CpuKernelContract.Named(name)).Output, head.Run(CpuKernelContract.Named(name)).Output);
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void An_infinite_value_that_is_seen_comes_out_infinite(string name)
    {
        HeadCase head = HeadCase.Random(5, Rows, Keys, Dim, ValueDim);
        head.V[9, 2] = float.NegativeInfinity;
        (float[,] output, _) = head.Run(CpuKernelContract.Named(name));
        for (int row = 0; row < Rows; row++)
        {
            for (int c = 0; c < ValueDim; c++)
                Assert.Equal(c == 2, float.IsNegativeInfinity(output[row, c]));
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Rows_that_see_no_key_give_zero_and_minus_infinity(string name)
    {
        HeadCase head = HeadCase.Random(6, Rows, Keys, Dim, ValueDim, BandMask.Causal("offset", -20));
        (float[,] output, float[] lse) = head.Run(CpuKernelContract.Named(name));
        for (int row = 0; row < Rows; row++)
        {
            Assert.Equal(row < 20, float.IsNegativeInfinity(lse[row]));
            Assert.Equal(row < 20, output[row, 0] == 0f);
        }
    }

    private static void AssertPoisoned(HeadCase head, string name, Func<int, bool> poisoned)
    {
        foreach (bool direct in new[] { false, true })
        {
            (float[,] output, float[] lse) = head.Run(CpuKernelContract.Named(name), direct: direct);
            for (int row = 0; row < Rows; row++)
            {
                Assert.True(poisoned(row) == float.IsNaN(lse[row]), $"{name}: LSE of row {row} is {lse[row]}");
                for (int c = 0; c < ValueDim; c++)
                    Assert.True(poisoned(row) == float.IsNaN(output[row, c]), $"{name}: output [{row},{c}] is {output[row, c]}");
            }
        }
    }

    private static void AssertColumnPoisoned(HeadCase head, string name, Func<int, bool> poisoned, int column)
    {
        foreach (bool direct in new[] { false, true })
        {
            (float[,] output, float[] lse) = head.Run(CpuKernelContract.Named(name), direct: direct);
            for (int row = 0; row < Rows; row++)
            {
                Assert.False(float.IsNaN(lse[row]), $"{name}: LSE of row {row} is NaN");
                for (int c = 0; c < ValueDim; c++)
                {
                    Assert.True(
                        (poisoned(row) && c == column) == float.IsNaN(output[row, c]), $"{name}: output [{row},{c}] is {output[row, c]}");
                }
            }
        }
    }
}
