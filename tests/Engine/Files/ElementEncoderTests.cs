using System.Runtime.InteropServices;
using Distributed.Engine.Files.Output;
using Distributed.Kernels.Numerics;

namespace Distributed.Engine.Tests.Files;

public class ElementEncoderTests
{
    public static TheoryData<float> Special => new(
        0f, -0f, 1f, float.Epsilon, -float.Epsilon, float.MaxValue, float.MinValue, float.PositiveInfinity,
        float.NegativeInfinity, 65504f, 65519.996f, 65520f, 1f + 1 / 256f, 1f + 3 / 256f, 3.3895314e38f, 3.3961776e38f);

    [Theory]
    [MemberData(nameof(Special))]
    public void BFloat16_is_the_nearest_number_at_the_edges(float number) =>
        Assert.Equal(Exact.RoundToBFloat16(number), Widened(ElementEncoder.ToBFloat16(number)));

    [Fact]
    public void BFloat16_is_the_nearest_number_anywhere()
    {
        var random = new Random(7);
        for (int i = 0; i < 200_000; i++)
        {
            float number = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
            if (float.IsNaN(number))
                continue;
            Assert.Equal(Exact.RoundToBFloat16(number), Widened(ElementEncoder.ToBFloat16(number)));
        }
    }

    [Fact]
    public void BFloat16_takes_ties_to_the_even_neighbour()
    {
        for (int upper = 0x3F00; upper < 0x4100; upper++)
        {
            float tie = BitConverter.Int32BitsToSingle((upper << 16) | 0x8000);
            Assert.Equal(upper + (upper & 1), ElementEncoder.ToBFloat16(tie));
        }
    }

    [Theory]
    [InlineData(0x7F800001)]
    [InlineData(0x7FC00000)]
    [InlineData(0x7FFFFFFF)]
    [InlineData(unchecked((int)0xFF800001))]
    [InlineData(unchecked((int)0xFFFFFFFF))]
    public void NaN_stays_NaN_in_every_type(int bits)
    {
        float[] nan = [BitConverter.Int32BitsToSingle(bits)];
        foreach (ElementType type in Enum.GetValues<ElementType>())
        {
            var bytes = new byte[type.SizeInBytes()];
            ElementEncoder.Encode(nan, type, bytes);
            Assert.True(type switch
            {
                ElementType.F32 => float.IsNaN(BitConverter.ToSingle(bytes)),
                ElementType.F16 => Half.IsNaN(BitConverter.ToHalf(bytes)),
                _ => float.IsNaN(Widened(BitConverter.ToUInt16(bytes))),
            });
        }
    }

    [Fact]
    public void F16_is_the_nearest_number_whatever_the_length_and_the_alignment()
    {
        var random = new Random(11);
        for (int length = 0; length < 70; length++)
        {
            float[] numbers = Enumerable.Range(0, length)
                .Select(_ => (float)((random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-30, 20)))).ToArray();
            var bytes = new byte[2 * length + 1];
            ElementEncoder.Encode(numbers, ElementType.F16, bytes.AsSpan(1));
            Half[] written = MemoryMarshal.Cast<byte, Half>(bytes.AsSpan(1).ToArray()).ToArray();
            Assert.Equal(numbers.Select(n => (Half)n), written);
        }
    }

    [Fact]
    public void A_destination_of_the_wrong_length_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(
        () => ElementEncoder.Encode([1f], ElementType.F16, new byte[4]));

    private static float Widened(ushort bfloat16) => BitConverter.UInt32BitsToSingle((uint)bfloat16 << 16);
}
