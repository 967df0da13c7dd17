using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Kernels.Cpu.Vectors;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;

namespace Distributed.Kernels.Linear;

/// <summary>Rows as F32 numbers, mapped by φ or as they are, padded with zeros to whole vectors of 16.</summary>
public static unsafe class FeatureRows
{
    /// <summary>Elements with their padding.</summary>
    public static int Padded(int dim) => Packing.Round16(dim);

    /// <summary>Rows as they are, e.g. values: where they lie if whole vectors can be read there, otherwise written.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="room"><c>[rows, padded]</c>, for rows that must be written.</param>
    /// <param name="stride">Numbers from one row to the next.</param>
    /// <returns>The first row.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float* AsTheyAre(TensorRows rows, float* room, out nint stride)
    {
        if (Packing.InPlace(rows))
        {
            stride = rows.StrideInBytes / sizeof(float);
            return (float*)rows.Row(0);
        }
        Copy(rows, room, Padded(rows.Dim));
        stride = Padded(rows.Dim);
        return room;
    }

    /// <summary>Writes rows as they are.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="to"><c>[rows, padded]</c>, rows <paramref name="stride"/> apart.</param>
    /// <param name="stride">Numbers from one row to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Copy(TensorRows rows, float* to, nint stride) => Map<IdentityFeature>(rows, to, stride);

    /// <summary>Whether all numbers of some rows are finite.</summary>
    /// <param name="rows">The first row.</param>
    /// <param name="stride">Numbers from one row to the next.</param>
    /// <param name="count">Rows.</param>
    /// <param name="columns">Numbers of a row; a multiple of 16.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool AllFinite(float* rows, nint stride, int count, int columns)
    {
        // 0 times a number is 0, and NaN for what is none.
        Vector512<float> sum = Vector512<float>.Zero;
        for (; count > 0; count--, rows += stride)
        {
            for (int column = 0; column < columns; column += 16)
                sum = Vector512.FusedMultiplyAdd(Vector512.Load(rows + column), Vector512<float>.Zero, sum);
        }
        return Vector512.EqualsAll(sum, Vector512<float>.Zero);
    }

    /// <summary>Writes φ of rows.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="map">φ.</param>
    /// <param name="sums">Whether each row is divided by the sum of its elements; one whose sum is 0 becomes 0.</param>
    /// <param name="to"><c>[rows, padded]</c>.</param>
    public static void Map(TensorRows rows, FeatureMap map, bool sums, float* to)
    {
        int padded = Padded(rows.Dim);
        switch (map)
        {
            case FeatureMap.Elu1:
                Map<EluFeature>(rows, to, padded);
                break;
            case FeatureMap.Relu:
                Map<ReluFeature>(rows, to, padded);
                break;
            default:
                Map<IdentityFeature>(rows, to, padded);
                break;
        }
        for (int row = 0; sums && row < rows.Count; row++)
            Divide(new Span<float>(to + (nint)row * padded, rows.Dim));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Map<T>(TensorRows rows, float* to, nint stride)
        where T : struct, IFeature
    {
        int dim = rows.Dim, bytes = dim * rows.Type.SizeInBytes();
        bool inPlace = Packing.InPlace(rows);
        byte* ahead = (byte*)rows.Row(Ahead.Rows(Math.Max(1, bytes)));
        for (int row = 0; row < rows.Count; row++, to += stride, ahead += rows.StrideInBytes)
        {
            Ahead.FetchRow(ahead, bytes);
            float* from = (float*)rows.Row(row);
            if (!inPlace)
            {
                RowReader.Read(rows, row, to);
                from = to;
            }
            int d = 0;
            for (; d + 16 <= dim; d += 16)
                T.Of(Vector512.Load(from + d)).Store(to + d);
            if (d == dim)
                continue;
            // φ(0) need not be 0, the padding must be.
            T.Of(Vector512.Load(from + d)).Store(to + d);
            new Span<float>(to + dim, d + 16 - dim).Clear();
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
