using Distributed.Kernels.Linear;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Tests.Cpu;

namespace Distributed.Kernels.Tests.Linear;

public sealed unsafe class FeatureRowsTests
{
    private static readonly float[] Numbers =
        [0f, -0f, 1f, -1f, 0.5f, -0.5f, 87f, -87f, -100f, -200f, 1e-6f, -1e-6f, 1e30f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, 3.25f];

    [Theory]
    [InlineData(FeatureMap.Elu1)]
    [InlineData(FeatureMap.Relu)]
    [InlineData(FeatureMap.Identity)]
    public void A_map_is_its_formula_on_every_kind_of_number(FeatureMap map)
    {
        var matrix = new float[1, Numbers.Length];
        for (int d = 0; d < Numbers.Length; d++)
            matrix[0, d] = Numbers[d];
        using var rows = new TypedRows(matrix, ElementType.F32);
        float* mapped = stackalloc float[FeatureRows.Padded(Numbers.Length)];

        FeatureRows.Map(rows.Rows, map, sums: false, mapped);

        for (int d = 0; d < Numbers.Length; d++)
        {
            double x = Numbers[d], expected = map switch
            {
                FeatureMap.Elu1 => x < 0 ? Math.Exp(x) : x + 1,
                FeatureMap.Relu => x < 0 ? 0 : x,
                _ => x,
            };
            bool close = double.IsFinite(expected)
                ? Math.Abs(mapped[d] - expected) <= 4e-7 * Math.Abs(expected) + 2e-38 : expected.Equals((double)mapped[d]);
            Assert.True(close, $"{map} of {x} is {mapped[d]}, {expected} expected.");
        }
        for (int d = Numbers.Length; d < FeatureRows.Padded(Numbers.Length); d++)
            Assert.Equal(0f, mapped[d]);
    }
}
