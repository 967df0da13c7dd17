using Distributed.Kernels.Linear;
using Distributed.Kernels.Memory;

namespace Distributed.Kernels.Tests.Linear;

public sealed unsafe class OutputRowsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    [InlineData(13)]
    [InlineData(1024)]
    public void Logarithms_are_those_of_single_numbers(int rows)
    {
        using var memory = new NativeBuffer((nuint)(rows + 1) * sizeof(float));
        for (int round = 0; round < 200_000 / rows; round++)
        {
            var random = new Random(round);
            var given = new float[rows];
            for (int row = 0; row < rows; row++)
            {
                given[row] = random.Next(20) switch
                {
                    0 => 0f,
                    1 => float.Epsilon * random.Next(1, 1000),
                    2 => -random.NextSingle(),
                    3 => float.NaN,
                    4 => float.PositiveInfinity,
                    _ => (float)Math.Pow(10, random.NextDouble() * 70 - 35),
                };
                memory.Floats[row] = given[row];
            }
            memory.Floats[rows] = 7f;

            OutputRows.Logarithms(memory.Floats, rows);

            for (int row = 0; row < rows; row++)
            {
                float expected = (float)Math.Log(given[row]);
                expected = float.IsNaN(expected) ? float.NaN : expected;
                Assert.True(BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(memory.Floats[row]),
                    $"The logarithm of {given[row]:R} is {memory.Floats[row]:R}, expected {expected:R}.");
            }
            Assert.Equal(7f, memory.Floats[rows]);
        }
    }
}
