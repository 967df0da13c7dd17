using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Distributed.Engine.Checkpoints;

namespace Distributed.Engine.Analytics;

/// <summary>
/// An attention matrix made small: cells of equally many rows and equally many keys (the last ones fewer), at most
/// <see cref="MostCells"/> each way, each with the largest and the mean weight in it. A key that a row does not see
/// counts as a weight of 0.
/// </summary>
public sealed class PooledMatrix : IPartialSink, ICells
{
    /// <summary>Most cells each way.</summary>
    public const int MostCells = 1024;

    private readonly float[] _max;
    private readonly double[] _sum;
    private readonly long _rows, _keys;
    private readonly int _firstCellRow, _cellRows;

    /// <summary>Lays out the cells.</summary>
    /// <param name="rows">Query rows.</param>
    /// <param name="keys">Keys.</param>
    /// <param name="mostCells">Most cells each way.</param>
    public PooledMatrix(long rows, long keys, int mostCells = MostCells)
        : this(rows, keys, checked((int)((rows + mostCells - 1) / mostCells)), checked((int)((keys + mostCells - 1) / mostCells)), (0, rows))
    {
    }

    private PooledMatrix(long rows, long keys, int rowsPerCell, int keysPerCell, (long First, long End) held)
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
        _firstCellRow = (int)(held.First / rowsPerCell);
        _cellRows = (int)((held.End + rowsPerCell - 1) / rowsPerCell) - _firstCellRow;
        _max = new float[checked(_cellRows * Width)];
        _sum = new double[_max.Length];
    }

    /// <summary>Lays out cells of 2^<paramref name="level"/> rows by as many keys, however many there are of them.</summary>
    public static PooledMatrix AtLevel(long rows, long keys, int level) => AtLevel(rows, keys, level, (0, rows));

    /// <summary>The same with room for the cells of some rows alone; they begin with a cell.</summary>
    internal static PooledMatrix AtLevel(long rows, long keys, int level, (long First, long End) held) => new(rows, keys, 1 << level, 1 << level, held);

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
    public float Max(int row, int column) => _max[Index(row, column)];

    /// <summary>The mean weight in a cell.</summary>
    public double Mean(int row, int column)
    {
        long rows = Math.Min(RowsPerCell, _rows - (long)row * RowsPerCell);
        long keys = Math.Min(KeysPerCell, _keys - (long)column * KeysPerCell);
        return _sum[Index(row, column)] / ((double)rows * keys);
    }

    /// <summary>The largest weights of some rows of cells, row after row.</summary>
    public ReadOnlySpan<float> Maxima(int row, int rows) => _max.AsSpan(Index(row, 0), rows * Width);

    /// <summary>Writes the mean weights of a row of cells, from left to right.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Means(int row, Span<float> means)
    {
        long rows = Math.Min(RowsPerCell, _rows - (long)row * RowsPerCell);
        double weights = (double)rows * KeysPerCell;
        ReadOnlySpan<double> sums = _sum.AsSpan(Index(row, 0), Width);
        for (int column = 0; column < sums.Length; column++)
            means[column] = (float)(sums[column] / weights);
        means[Width - 1] = (float)Mean(row, Width - 1);
    }

    /// <inheritdoc/>
    public void Take(in WeightTile tile) => CellPooling.Pool(tile, RowsPerCell, KeysPerCell, this);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void ICells.Add(long row, long column, ReadOnlySpan<float> max, ReadOnlySpan<float> sum)
    {
        int first = Index((int)row, (int)column), cell = 0;
        for (; cell + 4 <= max.Length; cell += 4)
        {
            Span<float> largest = _max.AsSpan(first + cell, 4);
            Span<double> sums = _sum.AsSpan(first + cell, 4);
            Vector128.Max(Vector128.Create<float>(largest), Vector128.Create(max[cell..])).CopyTo(largest);
            Vector128<float> four = Vector128.Create(sum[cell..]);
            (Vector256.Create<double>(sums) + Vector256.Create(Vector128.WidenLower(four), Vector128.WidenUpper(four))).CopyTo(sums);
        }
        for (; cell < max.Length; cell++)
        {
            _max[first + cell] = MathF.Max(_max[first + cell], max[cell]);
            _sum[first + cell] += sum[cell];
        }
    }

    /// <inheritdoc/>
    void IPartialSink.Save(CheckpointWriter writer)
    {
        writer.Write(_firstCellRow);
        writer.Write(_cellRows);
        writer.Write(_max);
        writer.Write(MemoryMarshal.AsBytes<double>(_sum));
    }

    /// <inheritdoc/>
    void IPartialSink.Add(CheckpointReader reader)
    {
        int first = Index(reader.ReadInt32(), 0), count = reader.ReadInt32() * Width;
        reader.Read(_max.AsSpan(first, count));
        reader.Read(MemoryMarshal.AsBytes(_sum.AsSpan(first, count)));
    }

    private int Index(int row, int column) => (row - _firstCellRow) * Width + column;
}
