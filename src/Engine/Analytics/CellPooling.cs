using System.Numerics;
using System.Runtime.CompilerServices;
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
    private const int Lanes = 16, Four = 4 * Lanes, Half = 8;

    /// <summary>Gives a tile's weights to their cells.</summary>
    public static void Pool<TCells>(in WeightTile tile, int rowsPerCell, int keysPerCell, TCells cells)
        where TCells : ICells
    {
        if ((rowsPerCell | keysPerCell | (int)(tile.Rows.Start | tile.Keys.Start)) % Lanes == 0)
        {
            ByBands(tile, rowsPerCell, keysPerCell, cells);
            return;
        }
        int keys = tile.Keys.Count, room = (keys + Lanes - 1) / Lanes * Lanes;
        Span<float> max = stackalloc float[room], sum = stackalloc float[room];
        bool halves = BitOperations.IsPow2(keysPerCell) && (keysPerCell >= keys
            ? tile.Keys.Start / keysPerCell == (tile.Keys.End - 1) / keysPerCell
            : tile.Keys.Start % keysPerCell == 0);
        for (int row = 0, count; row < tile.Rows.Count; row += count)
        {
            long of = tile.Rows.Start + row;
            count = (int)Math.Min(tile.Rows.Count - row, rowsPerCell - of % rowsPerCell);
            Columns(tile.Start + (nint)row * tile.RowStride, tile.RowStride, count, max[..keys], sum[..keys]);
            int across = halves ? ByHalves(keys, keysPerCell, max, sum) : OneByOne(tile.Keys.Start, keysPerCell, max[..keys], sum[..keys]);
            for (int cell = 0; cell < across; cell++)
                max[cell] = float.IsNaN(sum[cell]) ? float.NaN : max[cell];
            cells.Add(of / rowsPerCell, tile.Keys.Start / keysPerCell, max[..across], sum[..across]);
        }
    }

    // Cells of whole bands by whole vectors, which sinks of the tile have in common.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ByBands<TCells>(in WeightTile tile, int rowsPerCell, int keysPerCell, TCells cells)
        where TCells : ICells
    {
        TileColumns columns = tile.Columns;
        Span<float> max = stackalloc float[TileColumns.MostVectors], sum = stackalloc float[TileColumns.MostVectors];
        Span<float> maxOf = stackalloc float[TileColumns.MostVectors], sumOf = stackalloc float[TileColumns.MostVectors];
        long firstColumn = tile.Keys.Start / keysPerCell;
        for (int band = 0, end; band < columns.Bands; band = end)
        {
            long row = (tile.Rows.Start + band * Lanes) / rowsPerCell;
            end = (int)Math.Min(columns.Bands, ((row + 1) * rowsPerCell - tile.Rows.Start) / Lanes);
            columns.AcrossLanes(band, end, maxOf, sumOf);
            if (keysPerCell == Lanes)
            {
                cells.Add(row, firstColumn, maxOf[..columns.Vectors], sumOf[..columns.Vectors]);
                continue;
            }
            max.Clear();
            sum.Clear();
            int cell = 0;
            long nextCell = (firstColumn + 1) * keysPerCell - tile.Keys.Start;
            for (int vector = 0; vector < columns.Vectors; vector++)
            {
                if (vector * Lanes == nextCell)
                {
                    cell++;
                    nextCell += keysPerCell;
                }
                max[cell] = MathF.Max(max[cell], maxOf[vector]);
                sum[cell] += sumOf[vector];
            }
            cells.Add(row, firstColumn, max[..(cell + 1)], sum[..(cell + 1)]);
        }
    }

    // Each key's largest weight and sum over some rows; a key keeps to its own lane, so vector width changes no bit. Four
    // vectors side by side: one alone would wait for itself from row to row. The maximum may lose a NaN, the sum does not.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Columns(float* weights, int stride, int rows, Span<float> max, Span<float> sum)
    {
        int key = 0;
        for (; key + Four <= max.Length; key += Four)
        {
            float* at = weights + key;
            Vector512<float> max0 = default, max1 = default, max2 = default, max3 = default;
            Vector512<float> sum0 = default, sum1 = default, sum2 = default, sum3 = default;
            for (int row = 0; row < rows; row++, at += stride)
            {
                Take(at, ref max0, ref sum0);
                Take(at + Lanes, ref max1, ref sum1);
                Take(at + 2 * Lanes, ref max2, ref sum2);
                Take(at + 3 * Lanes, ref max3, ref sum3);
            }
            max0.CopyTo(max[key..]);
            max1.CopyTo(max[(key + Lanes)..]);
            max2.CopyTo(max[(key + 2 * Lanes)..]);
            max3.CopyTo(max[(key + 3 * Lanes)..]);
            sum0.CopyTo(sum[key..]);
            sum1.CopyTo(sum[(key + Lanes)..]);
            sum2.CopyTo(sum[(key + 2 * Lanes)..]);
            sum3.CopyTo(sum[(key + 3 * Lanes)..]);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Take(float* at, ref Vector512<float> max, ref Vector512<float> sum)
    {
        Vector512<float> weight = Vector512.Load(at);
        max = Vector512.MaxNative(max, weight);
        sum += weight;
    }

    // Keys of equal cells, 2^n of them: neighbours two by two, n times, in the same memory from its beginning on.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int ByHalves(int keys, int keysPerCell, Span<float> max, Span<float> sum)
    {
        max[keys..].Clear();
        sum[keys..].Clear();
        for (int together = 1; together < keysPerCell && keys > 1; together *= 2)
        {
            int pairs = (keys + 1) / 2;
            if (keys % 2 == 1 && keys < max.Length)
                (max[keys], sum[keys]) = (0, 0);
            for (int pair = 0; pair < pairs; pair += Half / 2)
            {
                Vector256<float> of = Apart(Vector256.LoadUnsafe(ref max[2 * pair]));
                Vector128.MaxNative(of.GetLower(), of.GetUpper()).CopyTo(max[pair..]);
                of = Apart(Vector256.LoadUnsafe(ref sum[2 * pair]));
                (of.GetLower() + of.GetUpper()).CopyTo(sum[pair..]);
            }
            keys = pairs;
        }
        return keys;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Apart(Vector256<float> pairs) => Vector256.Shuffle(pairs, Vector256.Create(0, 2, 4, 6, 1, 3, 5, 7));

    // The same for cells of any size, in the same memory too: a cell never stands behind its first key.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int OneByOne(long firstKey, int keysPerCell, Span<float> max, Span<float> sum)
    {
        int cell = 0;
        for (int key = 0, count; key < max.Length; key += count, cell++)
        {
            count = (int)Math.Min(max.Length - key, keysPerCell - (firstKey + key) % keysPerCell);
            (max[cell], sum[cell]) = (max[key], sum[key]);
            for (int other = key + 1; other < key + count; other++)
            {
                max[cell] = MathF.Max(max[cell], max[other]);
                sum[cell] += sum[other];
            }
        }
        return cell;
    }
}
