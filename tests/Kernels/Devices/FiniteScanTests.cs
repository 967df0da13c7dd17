using Distributed.Kernels.Devices;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Tests.Cpu;

namespace Distributed.Kernels.Tests.Devices;

public sealed class FiniteScanTests
{
    [Theory]
    [InlineData(ElementType.F32)]
    [InlineData(ElementType.F16)]
    [InlineData(ElementType.BF16)]
    public void Each_element_that_is_not_finite_is_found_and_no_other(ElementType type)
    {
        var matrix = new float[3, 37];
        for (int i = 0; i < matrix.Length; i++)
            matrix[i / 37, i % 37] = i % 2 == 0 ? 60_000f : -1e-7f;
        Assert.True(Finite(matrix, type));
        foreach (float bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            for (int i = 0; i < matrix.Length; i++)
            {
                float was = matrix[i / 37, i % 37];
                matrix[i / 37, i % 37] = bad;
                Assert.False(Finite(matrix, type), $"{bad} at {i} was not found.");
                matrix[i / 37, i % 37] = was;
            }
        }
    }

    private static bool Finite(float[,] matrix, ElementType type)
    {
        using var rows = new TypedRows(matrix, type);
        return FiniteScan.AllFinite(rows.Rows);
    }
}
