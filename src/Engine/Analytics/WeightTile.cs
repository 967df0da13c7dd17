using Distributed.Kernels.Spans;

namespace Distributed.Engine.Analytics;

/// <summary>Attention weights of some rows on one span of keys, of one matrix. The memory is valid during a call.</summary>
public readonly unsafe struct WeightTile
{
    private readonly TileColumns? _columns;

    /// <summary>Weights that lie somewhere.</summary>
    /// <param name="weights"><c>[rows, keys]</c>; 0 where a row does not see a key.</param>
    /// <param name="rowStride">Numbers from one row to the next.</param>
    /// <param name="rows">The query rows, at most <see cref="WeightPass.TileRows"/>.</param>
    /// <param name="keys">The keys, at most <see cref="WeightPass.TileKeys"/>.</param>
    /// <param name="columns">What sinks have of its columns in common; null = each makes it.</param>
    internal WeightTile(float* weights, int rowStride, RowRange rows, RowRange keys, TileColumns? columns = null)
    {
        Start = weights;
        (RowStride, Rows, Keys, _columns) = (rowStride, rows, keys, columns);
    }

    /// <summary>The query rows.</summary>
    public RowRange Rows { get; }

    /// <summary>The keys.</summary>
    public RowRange Keys { get; }

    /// <summary>First weight of the first row.</summary>
    public float* Start { get; }

    /// <summary>Numbers from one row to the next.</summary>
    public int RowStride { get; }

    /// <summary>Sums and largest weights of its columns.</summary>
    internal TileColumns Columns => (_columns ?? new TileColumns()).Of(this);

    /// <summary>The weights of one of the rows, counted from the tile's first.</summary>
    public ReadOnlySpan<float> Row(int row) => new(Start + (nint)row * RowStride, Keys.Count);
}
