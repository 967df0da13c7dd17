using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Kernels.Memory;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>Queries as the register tiles read them: <c>[group, dim, 6]</c>, scaled.</summary>
/// <typeparam name="T">The lanes.</typeparam>
internal static unsafe class QueryPacking<T>
    where T : struct, ILanes<T>
{
    private const int Group = Blocking.GroupRows;

    /// <summary>Where the second group of a transposition begins, and the numbers that are moved at once: six, and two to spare.</summary>
    private const int Half = Arithmetic.Lanes / 2;

    /// <summary>
    /// Packs them; rows and elements that are not there are 0, and NaN becomes <see cref="float.NaN"/>
    /// (<see cref="Exp2"/> counts on it). Two numbers behind the last are written too.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(TensorRows queries, double scale, float* destination)
    {
        int dim = Packing.PaddedDim(queries.Dim);
        int wide = Packing.Round16(dim);
        float* rows = stackalloc float[16 * wide];
        float* turned = stackalloc float[16 * wide];
        new Span<float>(rows, 16 * wide).Clear();
        bool inPlace = Packing.InPlace(queries);
        var stream = new RowStream(queries);
        for (int first = 0; first < queries.Count; first += 2 * Group)
        {
            // Two groups side by side in one transposition: lanes 0-5 and 8-13. Each then lies in a half of what was stored at
            // once, and a load of that half need not wait for the store.
            for (int i = 0; i < 2 * Group; i++)
            {
                float* row = rows + (i < Group ? i : i - Group + Half) * wide, from = row;
                if (first + i >= queries.Count)
                {
                    new Span<float>(row, wide).Clear();
                    continue;
                }
                if (inPlace)
                {
                    from = (float*)queries.Row(first + i);
                    Ahead.FetchRow(stream.AheadOf(first + i), queries.Dim * sizeof(float));
                }
                else
                {
                    Packing.ReadRows(queries, first + i, 1, row, wide);
                }
                for (int d = 0; d < dim; d += 16)
                    T.Store(T.CanonicalNaN(T.Scale(T.Load(from + d), scale)), row + d);
            }
            for (int d = 0; d < dim; d += 16)
                T.Transpose(rows + d, wide, turned + d * 16, 16);
            for (int group = 0; group < 2 && first + group * Group < queries.Count; group++)
            {
                // The two numbers to spare are covered by the next row's.
                for (int d = 0; d < dim; d++)
                    Vector256.Load(turned + d * Arithmetic.Lanes + group * Half).Store(destination + d * Group);
                destination += dim * Group;
            }
        }
    }

    /// <summary>Packed rows of several heads one behind the other, in groups that leave no room between them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static PackedQueries Stack(ReadOnlySpan<PackedQueries> heads, byte* destination)
    {
        int dim = Packing.PaddedDim(heads[0].Dim), rows = 0;
        foreach (PackedQueries head in heads)
            rows += head.Rows;
        int whole = rows / Group * Group;
        if (whole < rows)
            new Span<float>((float*)destination + (nint)whole * dim, Group * dim).Clear();
        int row = 0;
        foreach (PackedQueries head in heads)
        {
            for (int of = 0; of < head.Rows; of++, row++)
            {
                float* from = Element(head.Data, of, dim), to = Element(destination, row, dim);
                for (int d = 0; d < dim; d++)
                    to[d * Group] = from[d * Group];
            }
        }
        return new PackedQueries(destination, rows, heads[0].Dim);
    }

    // First element of a packed row; the next one is a group further on.
    private static float* Element(byte* packed, int row, int dim) =>
        (float*)packed + (nint)(row / Group) * Group * dim + row % Group;
}
