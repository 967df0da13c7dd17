using System.Runtime.Intrinsics;

namespace Distributed.Engine.Analytics;

/// <summary>Takes what a tile of weights gives to cells of rows by keys.</summary>
internal interface ICells
{
    /// <summary>Adds to neighbouring cells of one row of cells; several tiles may give to one.</summary>
    /// <param name="row">The cells' row.</param>
    /// <param name="column">The first cell's column.</param>
    /// <param name="max">The largest weight of each.</param>
    /// <param name="sum">The sum of the weights of each.</param>
    void Add(long row, long column, ReadOnlySpan<float> max, ReadOnlySpan<float> sum);
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
            int across = keysPerCell == 1 ? max.Length : Across(tile.Keys.Start, keysPerCell, max, sum);
            cells.Add(of / rowsPerCell, tile.Keys.Start / keysPerCell, max[..across], sum[..across]);
        }
    }

    // Each key's largest weight and sum over some rows; a key keeps to its own lane, so vector width changes no bit.
    private static void Columns(float* weights, int stride, int rows, Span<float> max, Span<float> sum)
    {
        int key = 0;
        for (; key + Vector512<float>.Count <= max.Length; key += Vector512<float>.Count)
        {
            float* at = weights + key;
            Vector512<float> most = Vector512<float>.Zero, total = Vector512<float>.Zero;
            for (int row = 0; row < rows; row++, at += stride)
            {
                Vector512<float> weight = Vector512.Load(at);
                most = Vector512.Max(most, weight);
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

    // The numbers of keys become numbers of cells, in the same memory from its beginning on: a cell never stands behind its
    // first key.
    private static int Across(long firstKey, int keysPerCell, Span<float> max, Span<float> sum)
    {
        int cell = 0;
        for (int key = 0, count; key < max.Length; key += count, cell++)
        {
            count = (int)Math.Min(max.Length - key, keysPerCell - (firstKey + key) % keysPerCell);
            (max[cell], sum[cell]) = (Most(max.Slice(key, count)), Total(sum.Slice(key, count)));
        }
        return cell;
    }

    private static float Most(ReadOnlySpan<float> of)
    {
        float most = of[0];
        if (of.Length >= Vector256<float>.Count)
        {
            Vector256<float> eight = Vector256.Create(of);
            while ((of = of[Vector256<float>.Count..]).Length >= Vector256<float>.Count)
                eight = Vector256.Max(eight, Vector256.Create(of));
            Vector128<float> four = Vector128.Max(eight.GetLower(), eight.GetUpper());
            four = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
            most = MathF.Max(four[0], four[1]);
        }
        foreach (float weight in of)
            most = MathF.Max(most, weight);
        return most;
    }

    // Eight lanes and then these, two by two, whatever the registers: the same bits on every machine.
    private static float Total(ReadOnlySpan<float> of)
    {
        float total = 0;
        if (of.Length >= Vector256<float>.Count)
        {
            Vector256<float> eight = Vector256.Create(of);
            while ((of = of[Vector256<float>.Count..]).Length >= Vector256<float>.Count)
                eight += Vector256.Create(of);
            Vector128<float> four = eight.GetLower() + eight.GetUpper();
            four += Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1));
            total = four[0] + four[1];
        }
        foreach (float weight in of)
            total += weight;
        return total;
    }
}
