using System.Runtime.CompilerServices;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>Sizes of packed rows, and what the packing of queries, keys and values share.</summary>
internal static unsafe class Packing
{
    /// <summary>Elements of a packed query or key: <paramref name="dim"/> made even with a zero.</summary>
    public static int PaddedDim(int dim) => (dim + 1) & ~1;

    /// <summary>Rows in whole groups.</summary>
    public static int PaddedRows(int rows) => (rows + Blocking.GroupRows - 1) / Blocking.GroupRows * Blocking.GroupRows;

    /// <summary>Elements in whole vectors.</summary>
    public static int Round16(int dim) => (dim + Arithmetic.Lanes - 1) & ~(Arithmetic.Lanes - 1);

    /// <summary>Whether vectors can be read from the rows where they lie: F32, and nothing but whole vectors.</summary>
    public static bool InPlace(in TensorRows rows) =>
        rows.Type == ElementType.F32 && rows.Dim % Arithmetic.Lanes == 0 && rows.StrideInBytes % sizeof(float) == 0;

    /// <summary>Some rows as F32, zeros behind each of them, and zeros for rows that are not there.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="first">The first one to read.</param>
    /// <param name="count">How many.</param>
    /// <param name="destination">Where to write.</param>
    /// <param name="padded">Numbers of a row with the zeros.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ReadRows(in TensorRows rows, int first, int count, float* destination, int padded)
    {
        int bytes = rows.Dim * rows.Type.SizeInBytes();
        int apart = Ahead.Rows(bytes);
        for (int row = first; row < first + count; row++, destination += padded)
        {
            int there = 0;
            if (row < rows.Count)
            {
                Ahead.FetchRow((byte*)rows.Row(row + apart), bytes);
                RowReader.Read(rows, row, destination);
                there = rows.Dim;
            }
            for (int i = there; i < padded; i++)
                destination[i] = 0f;
        }
    }
}
