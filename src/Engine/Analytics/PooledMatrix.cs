namespace Distributed.Engine.Analytics;

/// <summary>
/// An attention matrix made small: cells of equally many rows and equally many keys (the last ones fewer), at most
/// <see cref="MostCells"/> each way, each with the largest and the mean weight in it. A key that a row does not see
/// counts as a weight of 0.
/// </summary>
public sealed class PooledMatrix : IWeightSink, ICells
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
    public void Take(in WeightTile tile) => CellPooling.Pool(tile, RowsPerCell, KeysPerCell, this);

    /// <inheritdoc/>
    void ICells.Add(long row, long column, ReadOnlySpan<float> max, ReadOnlySpan<float> sum)
    {
        int first = (int)row * Width + (int)column;
        for (int cell = 0; cell < max.Length; cell++)
        {
            _max[first + cell] = MathF.Max(_max[first + cell], max[cell]);
            _sum[first + cell] += sum[cell];
        }
    }
}
