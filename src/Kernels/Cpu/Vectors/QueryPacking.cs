using System.Runtime.CompilerServices;
using Distributed.Kernels.Memory;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>Queries as the register tiles read them: row after row, scaled, rows of 0 behind them up to a whole group.</summary>
/// <typeparam name="T">The lanes.</typeparam>
internal static unsafe class QueryPacking<T>
    where T : struct, ILanes<T>
{
    /// <summary>
    /// Packs them; rows and elements that are not there are 0, and NaN becomes <see cref="float.NaN"/>
    /// (<see cref="Exp2"/> counts on it). Up to fifteen numbers behind the last row are written too.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(TensorRows queries, double scale, float* destination)
    {
        int dim = Packing.PaddedDim(queries.Dim);
        int wide = Packing.Round16(dim);
        float* read = stackalloc float[wide];
        bool inPlace = Packing.InPlace(queries);
        var stream = new RowStream(queries);
        for (int row = 0; row < queries.Count; row++, destination += dim)
        {
            float* from = read;
            if (inPlace)
            {
                from = (float*)queries.Row(row);
                Ahead.FetchRow(stream.AheadOf(row), queries.Dim * sizeof(float));
            }
            else
            {
                Packing.ReadRows(queries, row, 1, read, wide);
            }
            // What is written behind the row is covered by the next one.
            for (int d = 0; d < dim; d += Arithmetic.Lanes)
                T.Store(T.CanonicalNaN(T.Scale(T.Load(from + d), scale)), destination + d);
        }
        Fill(queries.Count, dim, destination);
    }

    /// <summary>Packed rows of several heads one behind the other, in groups that leave no room between them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static PackedQueries Stack(ReadOnlySpan<PackedQueries> heads, byte* destination)
    {
        int dim = Packing.PaddedDim(heads[0].Dim), rows = 0;
        foreach (PackedQueries head in heads)
        {
            int numbers = head.Rows * dim;
            new ReadOnlySpan<float>(head.Data, numbers).CopyTo(new Span<float>((float*)destination + (nint)rows * dim, numbers));
            rows += head.Rows;
        }
        Fill(rows, dim, (float*)destination + (nint)rows * dim);
        return new PackedQueries(destination, rows, heads[0].Dim);
    }

    private static void Fill(int rows, int dim, float* destination) =>
        new Span<float>(destination, (Packing.PaddedRows(rows) - rows) * dim).Clear();
}
