using System.Numerics;

namespace Distributed.Engine.Analytics;

/// <summary>Takes what a tile of weights gives to cells of rows by keys.</summary>
internal interface ICells
{
    /// <summary>Adds to a cell; several tiles may give to one.</summary>
    /// <param name="row">The cell's row.</param>
    /// <param name="column">The cell's column.</param>
    /// <param name="max">The largest weight.</param>
    /// <param name="sum">The sum of the weights.</param>
    void Add(long row, long column, float max, double sum);
}

/// <summary>The largest weight and the sum of the weights of cells.</summary>
internal static unsafe class CellPooling
{
    /// <summary>Gives a tile's weights to their cells.</summary>
    public static void Pool<TCells>(in WeightTile tile, int rowsPerCell, int keysPerCell, TCells cells)
        where TCells : ICells
    {
        Span<float> max = stackalloc float[tile.Keys.Count], sum = stackalloc float[tile.Keys.Count];
        for (int row = 0, count; row < tile.Rows.Count; row += count)
        {
            long of = tile.Rows.Start + row;
            count = (int)Math.Min(tile.Rows.Count - row, rowsPerCell - of % rowsPerCell);
            Columns(tile.Start + (nint)row * tile.RowStride, tile.RowStride, count, max, sum);
            AddToCells(cells, of / rowsPerCell, tile.Keys.Start, keysPerCell, max, sum);
        }
    }

    // Each key's largest weight and sum over some rows; a key keeps to its own lane, so vector width changes no bit.
    private static void Columns(float* weights, int stride, int rows, Span<float> max, Span<float> sum)
    {
        int key = 0;
        for (; key + Vector<float>.Count <= max.Length; key += Vector<float>.Count)
        {
            float* at = weights + key;
            Vector<float> most = Vector<float>.Zero, total = Vector<float>.Zero;
            for (int row = 0; row < rows; row++, at += stride)
            {
                Vector<float> weight = Vector.Load(at);
                most = Vector.Max(most, weight);
                total += weight;
            }
            most.CopyTo(max[key..]);
            total.CopyTo(sum[key..]);
        }
        for (; key < max.Length; key++)
        {
            (max[key], sum[key]) = (0, 0);
            for (int row = 0; row < rows; row++)
            {
                float weight = weights[(nint)row * stride + key];
                max[key] = MathF.Max(max[key], weight);
                sum[key] += weight;
            }
        }
    }

    private static void AddToCells<TCells>(
        TCells cells, long cellRow, long firstKey, int keysPerCell, ReadOnlySpan<float> max, ReadOnlySpan<float> sum)
        where TCells : ICells
    {
        for (int key = 0, count; key < max.Length; key += count)
        {
            long of = firstKey + key;
            count = (int)Math.Min(max.Length - key, keysPerCell - of % keysPerCell);
            float most = 0;
            double total = 0;
            for (int i = key; i < key + count; i++)
            {
                most = MathF.Max(most, max[i]);
                total += sum[i];
            }
            cells.Add(cellRow, of / keysPerCell, most, total);
        }
    }
}
