using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Scores;

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

    /// <summary>
    /// Whether vectors of sixteen elements can be read from the rows where they lie, F16 and BF16 turning into F32 in registers.
    /// </summary>
    public static bool WholeVectors(in TensorRows rows) => rows.Type == ElementType.F32
        ? InPlace(rows)
        : Avx512F.IsSupported && rows.Dim % Arithmetic.Lanes == 0;

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
        int there = Math.Max(0, Math.Min(count, rows.Count - first));
        for (int row = first; row < first + there; row++, destination += padded)
        {
            Ahead.FetchRow((byte*)rows.Row(row + apart), bytes);
            int read = 0;
            if (Avx512F.IsSupported && rows.Type == ElementType.BF16)
                read = ReadVectors<BF16Elements>((byte*)rows.Row(row), rows.Dim, destination);
            else if (Avx512F.IsSupported && rows.Type == ElementType.F16)
                read = ReadVectors<F16Elements>((byte*)rows.Row(row), rows.Dim, destination);
            if (read < rows.Dim)
                RowReader.Read(rows, row, destination);
            for (int i = rows.Dim; i < padded; i++)
                destination[i] = 0f;
        }
        new Span<float>(destination, (count - there) * padded).Clear();
    }

    // A row is short: a call for each would cost more than its conversion.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int ReadVectors<T>(byte* row, int dim, float* destination)
        where T : struct, IElements
    {
        int i = 0;
        for (; i + Arithmetic.Lanes <= dim; i += Arithmetic.Lanes)
            T.Load(row + i * T.Size).Store(destination + i);
        return i;
    }
}
