using Distributed.Kernels.Cpu;
using Distributed.Kernels.Cpu.Vectors;

namespace Distributed.Kernels.Tests.Cpu;

public sealed unsafe class Exp2Tests
{
    [Fact]
    public void Is_within_two_units_of_the_last_place_on_an_octave_and_a_half_float_by_float()
    {
        double worst = 0;
        for (int bits = BitConverter.SingleToInt32Bits(-0.5f); bits <= BitConverter.SingleToInt32Bits(-1.5f); bits++)
            worst = Math.Max(worst, Error(BitConverter.Int32BitsToSingle(bits)));
        Assert.InRange(worst, 0.5, 2.0);
    }

    [Fact]
    public void Is_within_two_units_of_the_last_place_down_to_the_smallest_normal_number()
    {
        double worst = 0;
        for (int bits = BitConverter.SingleToInt32Bits(-0f); bits <= BitConverter.SingleToInt32Bits(-126f); bits += 997)
            worst = Math.Max(worst, Error(BitConverter.Int32BitsToSingle(bits)));
        Assert.InRange(worst, 0.5, 2.0);
    }

    [Theory]
    [InlineData(0f, 1f)]
    [InlineData(-1f, 0.5f)]
    [InlineData(-99f, 1.5777218e-30f)]
    [InlineData(-100f, 0f)]
    [InlineData(-127f, 0f)]
    [InlineData(-150.5f, 0f)]
    [InlineData(-1e30f, 0f)]
    [InlineData(float.NegativeInfinity, 0f)]
    [InlineData(float.NaN, float.NaN)]
    public void Is_exact_where_it_must_be(float x, float expected)
    {
        Assert.Equal(expected, Exp2.Weight(x));
        Assert.Equal(expected, Lane<Lanes128>(x));
        Assert.Equal(expected, Lane<Lanes256>(x));
        if (System.Runtime.Intrinsics.X86.Avx512F.IsSupported)
            Assert.Equal(expected, Lane<Lanes512>(x));
    }

    [Fact]
    public void Has_the_same_bits_in_lanes()
    {
        for (int bits = BitConverter.SingleToInt32Bits(-0f); bits <= BitConverter.SingleToInt32Bits(-130f); bits += 997)
        {
            float x = BitConverter.Int32BitsToSingle(bits), expected = Exp2.Weight(x);
            Assert.Equal(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(Lane<Lanes128>(x)));
            Assert.Equal(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(Lane<Lanes256>(x)));
            if (System.Runtime.Intrinsics.X86.Avx512F.IsSupported)
                Assert.Equal(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(Lane<Lanes512>(x)));
        }
    }

    private static float Lane<T>(float x)
        where T : struct, ILanes<T>
    {
        float* lanes = stackalloc float[16];
        T.Store(Exp2.Of(T.Create(x)), lanes);
        return lanes[11];
    }

    private static double Error(float x)
    {
        double expected = Math.Pow(2, x);
        float nearest = (float)expected;
        return Math.Abs(Exp2.Scalar(x) - expected) / (MathF.BitIncrement(nearest) - nearest);
    }
}
