using System.Runtime.CompilerServices;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// Puts rows into the order in which the register tiles read them. NaN becomes <see cref="float.NaN"/> on the way
/// (<see cref="Exp2"/> counts on it).
/// </summary>
/// <typeparam name="T">The lanes.</typeparam>
internal static unsafe class Packing<T>
    where T : struct, ILanes<T>
{
    /// <summary>Elements of a packed query or key: <paramref name="dim"/> made even with a zero.</summary>
    public static int PaddedDim(int dim) => (dim + 1) & ~1;

    /// <summary>Rows in whole groups.</summary>
    public static int PaddedRows(int rows) => (rows + Blocking.GroupRows - 1) / Blocking.GroupRows * Blocking.GroupRows;

    /// <summary>
    /// Queries as <c>[group, dim, 6]</c>, scaled; rows and elements that are not there are 0. Ten numbers behind the last
    /// are written too.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Queries(TensorRows queries, double scale, float* destination)
    {
        int dim = PaddedDim(queries.Dim);
        int wide = Round16(dim);
        float* rows = stackalloc float[16 * wide];
        float* block = stackalloc float[256];
        new Span<float>(rows, 16 * wide).Clear();
        for (int first = 0; first < queries.Count; first += Blocking.GroupRows)
        {
            for (int i = 0; i < Blocking.GroupRows; i++)
            {
                float* row = rows + i * wide;
                if (first + i < queries.Count)
                    ReadRow(queries, first + i, row, wide);
                else
                    new Span<float>(row, wide).Clear();
                for (int d = 0; d < dim; d += 16)
                    T.Store(T.CanonicalNaN(T.Scale(T.Load(row + d), scale)), row + d);
            }
            for (int d = 0; d < dim; d += 16)
            {
                // Six numbers of each transposed row of 16 are wanted: the next row's store covers the rest.
                T.Transpose(rows + d, wide, block, 16);
                for (int i = 0; i < Math.Min(16, dim - d); i++)
                    T.Store(T.Load(block + i * 16), destination + (d + i) * Blocking.GroupRows);
            }
            destination += dim * Blocking.GroupRows;
        }
    }

    /// <summary>Keys as <c>[panel, dim, width]</c>; keys and elements that are not there are 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Keys(TensorRows keys, int width, float* destination)
    {
        int dim = PaddedDim(keys.Dim);
        int wide = Round16(dim);
        float* rows = stackalloc float[16 * wide];
        float* block = stackalloc float[256];
        for (int panel = 0; panel < keys.Count; panel += width)
        {
            for (int key = panel; key < panel + width; key += 16)
            {
                for (int i = 0; i < 16; i++)
                {
                    float* row = rows + i * wide;
                    if (key + i < keys.Count)
                        ReadRow(keys, key + i, row, wide);
                    else
                        new Span<float>(row, wide).Clear();
                    for (int d = 0; d < dim; d += 16)
                        T.Store(T.CanonicalNaN(T.Load(row + d)), row + d);
                }
                float* to = destination + (key - panel);
                int d0 = 0;
                for (; d0 + 16 <= dim; d0 += 16)
                    T.Transpose(rows + d0, wide, to + (nint)d0 * width, width);
                if (d0 < dim)
                {
                    T.Transpose(rows + d0, wide, block, 16);
                    for (int d = d0; d < dim; d++)
                        T.Store(T.Load(block + (d - d0) * 16), to + (nint)d * width);
                }
            }
            destination += (nint)dim * width;
        }
    }

    /// <summary>
    /// One panel of keys. F32 keys in whole blocks of 16 × 16 are transposed where they lie, and a NaN among them stays as it
    /// is.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Panel(TensorRows keys, int width, float* destination)
    {
        if (keys.Type != ElementType.F32 || keys.Dim % 16 != 0 || keys.Count % 16 != 0 || keys.StrideInBytes % sizeof(float) != 0)
        {
            Keys(keys, width, destination);
            return;
        }
        nint apart = keys.StrideInBytes / sizeof(float);
        for (int key = 0; key < keys.Count; key += 16)
        {
            var of = (float*)keys.Row(key);
            for (int d = 0; d < keys.Dim; d += 16)
            {
                // Rows 64 keys further on: the transposition takes half a line of 16 rows at a time, in which no
                // prefetcher of a processor sees a stream.
                for (int i = 0; i < 16; i++)
                    Ahead.FetchNear((byte*)(of + (i + 64) * apart + d));
                T.Transpose(of + d, apart, destination + (nint)d * width + key, width);
            }
        }
    }

    /// <summary>Values as <c>[strip, key, width]</c>; columns that are not there are 0.</summary>
    /// <returns>Whether all are finite.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool Values(TensorRows values, ColumnStrips strips, float* destination)
    {
        float* row = stackalloc float[strips.Columns];
        bool finite = true;
        for (int key = 0; key < values.Count; key++)
        {
            ReadRow(values, key, row, strips.Columns);
            for (int s = 0; s < strips.Count; s++)
            {
                ColumnStrip strip = strips[s];
                float* from = row + strip.First;
                float* to = destination + (nint)strip.First * values.Count + (nint)key * strip.Width;
                for (int c = 0; c < strip.Width; c += 16)
                {
                    T lanes = T.Load(from + c);
                    finite &= !T.AnyNonFinite(lanes);
                    T.Store(T.CanonicalNaN(lanes), to + c);
                }
            }
        }
        return finite;
    }

    private static int Round16(int dim) => (dim + 15) & ~15;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ReadRow(TensorRows rows, int row, float* destination, int padded)
    {
        RowReader.Read(rows, row, destination);
        new Span<float>(destination + rows.Dim, padded - rows.Dim).Clear();
    }
}
