using System.Numerics;

namespace Distributed.Engine.Analytics;

/// <summary>
/// An attention matrix made small: cells of equally many rows and equally many keys (the last ones fewer), at most
/// <see cref="MostCells"/> each way, each with the largest and the mean weight in it. A key that a row does not see
/// counts as a weight of 0.
/// </summary>
public sealed unsafe class PooledMatrix : IWeightSink
{
    /// <summary>Most cells each way.</summary>
    public const int MostCells = 1024;

    private readonly float[] _max;
    private readonly double[] _sum;
    private readonly long _rows, _keys;

    /// <summary>Lays out the cells.</summary>
    /// <param name="rows">Query rows.</param>
    /// <param name="keys">Keys.</param>
    /// <param name="mostCells">Most cells each way.</param>
    public PooledMatrix(long rows, long keys, int mostCells = MostCells)
        : this(rows, keys, checked((int)((rows + mostCells - 1) / mostCells)), checked((int)((keys + mostCells - 1) / mostCells)))
    {
    }

    private PooledMatrix(long rows, long keys, int rowsPerCell, int keysPerCell)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rows, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(keys, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(rowsPerCell, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(keysPerCell, 1);
        (_rows, _keys) = (rows, keys);
        RowsPerCell = rowsPerCell;
        KeysPerCell = keysPerCell;
        Height = (int)((rows + RowsPerCell - 1) / RowsPerCell);
        Width = (int)((keys + KeysPerCell - 1) / KeysPerCell);
        _max = new float[checked(Height * Width)];
        _sum = new double[Height * Width];
    }

    /// <summary>Lays out cells of 2^<paramref name="level"/> rows by as many keys, however many there are of them.</summary>
    public static PooledMatrix AtLevel(long rows, long keys, int level) => new(rows, keys, 1 << level, 1 << level);

    /// <summary>The first level at which cells of 2^level weights a side are at most <paramref name="mostCells"/> each way.</summary>
    public static int LevelFor(long rows, long keys, int mostCells)
    {
        int level = 0;
        while ((Math.Max(rows, keys) - 1 >> level) + 1 > mostCells)
            level++;
        return level;
    }

    /// <summary>Cells from top to bottom.</summary>
    public int Height { get; }

    /// <summary>Cells from left to right.</summary>
    public int Width { get; }

    /// <summary>Rows of the matrix in one cell.</summary>
    public int RowsPerCell { get; }

    /// <summary>Keys of the matrix in one cell.</summary>
    public int KeysPerCell { get; }

    /// <inheritdoc/>
    public int RowsTogether => RowsPerCell;

    /// <summary>The largest weight in a cell.</summary>
    public float Max(int row, int column) => _max[row * Width + column];

    /// <summary>The mean weight in a cell.</summary>
    public double Mean(int row, int column)
    {
        long rows = Math.Min(RowsPerCell, _rows - (long)row * RowsPerCell);
        long keys = Math.Min(KeysPerCell, _keys - (long)column * KeysPerCell);
        return _sum[row * Width + column] / ((double)rows * keys);
    }

    /// <inheritdoc/>
    public void Take(in WeightTile tile)
    {
        Span<float> max = stackalloc float[tile.Keys.Count], sum = stackalloc float[tile.Keys.Count];
        for (int row = 0, count; row < tile.Rows.Count; row += count)
        {
            long of = tile.Rows.Start + row;
            count = (int)Math.Min(tile.Rows.Count - row, RowsPerCell - of % RowsPerCell);
            Columns(tile.Start + (nint)row * tile.RowStride, tile.RowStride, count, max, sum);
            AddToCells((int)(of / RowsPerCell) * Width, tile.Keys.Start, max, sum);
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

    private void AddToCells(int firstCell, long firstKey, ReadOnlySpan<float> max, ReadOnlySpan<float> sum)
    {
        for (int key = 0, count; key < max.Length; key += count)
        {
            long of = firstKey + key;
            count = (int)Math.Min(max.Length - key, KeysPerCell - of % KeysPerCell);
            float most = 0;
            double total = 0;
            for (int i = key; i < key + count; i++)
            {
                most = MathF.Max(most, max[i]);
                total += sum[i];
            }
            int cell = firstCell + (int)(of / KeysPerCell);
            _max[cell] = MathF.Max(_max[cell], most);
            _sum[cell] += total;
        }
    }
}
