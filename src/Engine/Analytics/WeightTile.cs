using Distributed.Kernels.Spans;

namespace Distributed.Engine.Analytics;

/// <summary>Attention weights of some rows on one span of keys, of one matrix. The memory is valid during a call.</summary>
/// <param name="weights"><c>[rows, keys]</c>; 0 where a row does not see a key.</param>
/// <param name="rowStride">Numbers from one row to the next.</param>
/// <param name="rows">The query rows.</param>
/// <param name="keys">The keys.</param>
public readonly unsafe struct WeightTile(float* weights, int rowStride, RowRange rows, RowRange keys)
{
    /// <summary>The query rows.</summary>
    public RowRange Rows => rows;

    /// <summary>The keys.</summary>
    public RowRange Keys => keys;

    /// <summary>First weight of the first row.</summary>
    public float* Start => weights;

    /// <summary>Numbers from one row to the next.</summary>
    public int RowStride => rowStride;

    /// <summary>The weights of one of the rows, counted from the tile's first.</summary>
    public ReadOnlySpan<float> Row(int row) => new(weights + (nint)row * rowStride, keys.Count);
}
