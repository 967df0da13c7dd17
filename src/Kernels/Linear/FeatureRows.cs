using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Cpu.Vectors;
using Distributed.Kernels.Memory;

namespace Distributed.Kernels.Linear;

/// <summary>Rows as F32 numbers, mapped by φ and padded with zeros to whole vectors of 16.</summary>
public static unsafe class FeatureRows
{
    private const float Log2EHigh = 1.44269502f, Log2ELow = 1.92596303e-8f, Ln2 = 0.693147182f;

    /// <summary>Elements with their padding.</summary>
    public static int Padded(int dim) => (dim + 15) & ~15;

    /// <summary>Writes rows as they are, e.g. values.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="to"><c>[rows, padded]</c>.</param>
    /// <returns>Whether all numbers are finite.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Copy(TensorRows rows, float* to)
    {
        int padded = Padded(rows.Dim);
        Vector512<float> sum = Vector512<float>.Zero;
        for (int row = 0; row < rows.Count; row++, to += padded)
        {
            RowReader.Read(rows, row, to);
            new Span<float>(to + rows.Dim, padded - rows.Dim).Clear();
            // 0 times a number is 0, and NaN for what is none.
            for (int d = 0; d < padded; d += 16)
                sum += Vector512.Load(to + d) * Vector512<float>.Zero;
        }
        return Vector512.EqualsAll(sum, Vector512<float>.Zero);
    }

    /// <summary>Writes φ of rows.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="map">φ.</param>
    /// <param name="sums">Whether each row is divided by the sum of its elements; one whose sum is 0 becomes 0.</param>
    /// <param name="to"><c>[rows, padded]</c>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Map(TensorRows rows, FeatureMap map, bool sums, float* to)
    {
        int padded = Padded(rows.Dim);
        Copy(rows, to);
        for (int row = 0; row < rows.Count; row++, to += padded)
        {
            if (map == FeatureMap.Elu1)
                Elu1(to, padded);
            else if (map == FeatureMap.Relu)
                Relu(to, padded);
            new Span<float>(to + rows.Dim, padded - rows.Dim).Clear();
            if (sums)
                Divide(new Span<float>(to, rows.Dim));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Elu1(float* row, int count)
    {
        for (int d = 0; d < count; d += 16)
        {
            Vector512<float> x = Vector512.Load(row + d);
            Vector512<float> below = Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<float>.Zero), x, Vector512<float>.Zero);
            Vector512<float> high = below * Log2EHigh;
            Vector512<float> low = Vector512.FusedMultiplyAdd(below, Vector512.Create(Log2EHigh), -high) + below * Log2ELow;
            Vector512<float> power = Exp2.Of(high);
            power = Vector512.FusedMultiplyAdd(power, Vector512.ConditionalSelect(Vector512.LessThan(high, Vector512.Create(-126f)), Vector512<float>.Zero, low * Ln2), power);
            // Not below 0, NaN among them: x + 1.
            Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<float>.Zero), power, x + Vector512<float>.One).Store(row + d);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Relu(float* row, int count)
    {
        for (int d = 0; d < count; d += 16)
        {
            Vector512<float> x = Vector512.Load(row + d);
            Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<float>.Zero), Vector512<float>.Zero, x).Store(row + d);
        }
    }

    private static void Divide(Span<float> row)
    {
        double sum = 0;
        foreach (float x in row)
            sum += x;
        foreach (ref float x in row)
            x = sum == 0 ? 0 : (float)(x / sum);
    }
}
