using Distributed.Kernels.Numerics;

namespace Distributed.Kernels.Scores;

/// <summary>The part of an additive bias tensor that belongs to one tile of one head, where it lies.</summary>
/// <param name="data">Element of the tile's first row and first key; null = no bias.</param>
/// <param name="type">Element type.</param>
/// <param name="rowStride">Bytes from one row to the next; 0 = one row for all.</param>
/// <param name="keys">Elements of a row that are there, from the tile's first key on; those behind them are masked.</param>
public readonly unsafe struct BiasTile(byte* data, ElementType type, long rowStride, int keys)
{
    /// <summary>Element of the tile's first row and first key; null = no bias.</summary>
    public byte* Data => data;

    /// <summary>Element type.</summary>
    public ElementType Type => type;

    /// <summary>Bytes from one row to the next; 0 = one row for all.</summary>
    public long RowStride => rowStride;

    /// <summary>Elements of a row that are there, from the tile's first key on.</summary>
    public int Keys => keys;
}
