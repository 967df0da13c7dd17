namespace Distributed.Kernels.Masks;

/// <summary>
/// A mask told by the elements of a tensor <c>[B, Hq, Sq, keys]</c>, read where it lies; axes of extent 1 are broadcast by
/// a stride of 0. Keys behind its last one are hidden.
/// </summary>
public abstract unsafe class ElementMask : IAttentionMask
{
    private readonly byte* _start;
    private readonly long _batchStride;
    private readonly long _headStride;
    private readonly long _rowStride;
    private readonly long _keys;
    private readonly int _elementBytes;

    private protected ElementMask(
        byte* start, long batchStride, long headStride, long rowStride, long keys, int elementBytes)
    {
        _start = start;
        _batchStride = batchStride;
        _headStride = headStride;
        _rowStride = rowStride;
        _keys = keys;
        _elementBytes = elementBytes;
    }

    /// <inheritdoc/>
    public abstract string Description { get; }

    /// <inheritdoc/>
    public bool VariesByBatch => _batchStride != 0;

    /// <inheritdoc/>
    public bool VariesByHead => _headStride != 0;

    /// <inheritdoc/>
    /// <remarks>It reads the rectangle up to the first two elements that differ.</remarks>
    public TileClass Classify(in MaskTile tile)
    {
        if (tile.Queries.Count == 0 || tile.Keys.Count == 0)
            return TileClass.Skip;
        int there = Present(tile);
        bool anySeen = false, anyHidden = there < tile.Keys.Count;
        for (int row = 0; row < (_rowStride == 0 ? 1 : tile.Queries.Count); row++)
        {
            byte* of = Row(tile, row);
            for (int key = 0; key < there; key += 64, of += 64 * _elementBytes)
            {
                ulong seen = SeenIn(of, there - key);
                anySeen |= seen != 0;
                anyHidden |= seen != (there - key >= 64 ? ulong.MaxValue : (1UL << (there - key)) - 1);
                if (anySeen && anyHidden)
                    return TileClass.Partial;
            }
        }
        return anySeen ? TileClass.Full : TileClass.Skip;
    }

    /// <inheritdoc/>
    public void Apply(in MaskTile tile, MaskWords words)
    {
        int there = Present(tile);
        for (int row = 0; row < tile.Queries.Count; row++)
        {
            byte* of = Row(tile, row);
            Span<ulong> bits = words.Row(row);
            for (int w = 0; w < bits.Length; w++)
                bits[w] &= SeenIn(of + (nint)w * 64 * _elementBytes, there - w * 64);
        }
    }

    /// <summary>A bit for each of 64 elements that lets its key be seen.</summary>
    private protected abstract ulong Seen64(byte* of);

    /// <summary>Whether the element lets its key be seen.</summary>
    private protected abstract bool Seen(byte* of);

    private ulong SeenIn(byte* of, int count)
    {
        if (count >= 64)
            return Seen64(of);
        ulong bits = 0;
        for (int key = 0; key < count; key++)
            bits |= Seen(of + (nint)key * _elementBytes) ? 1UL << key : 0;
        return bits;
    }

    private int Present(in MaskTile tile) => (int)Math.Clamp(_keys - tile.Keys.Start, 0, tile.Keys.Count);

    private byte* Row(in MaskTile tile, int row) => _start + tile.Batch * _batchStride + tile.QueryHead * _headStride
        + (tile.Queries.Start + row) * _rowStride + tile.Keys.Start * _elementBytes;
}
