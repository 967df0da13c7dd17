using System.Runtime.Intrinsics;

namespace Distributed.Kernels.Masks;

/// <summary>
/// A dense boolean tensor <c>[B, Hq, Sq, keys]</c> of one byte per element, 0 = hidden, read where it lies; axes of
/// extent 1 are broadcast by a stride of 0. Keys behind its last one are hidden.
/// </summary>
/// <param name="start">First element. The memory is the caller's and must outlive the job.</param>
/// <param name="batchStride">Bytes from one batch entry to the next; 0 = the same for all.</param>
/// <param name="headStride">Bytes from one query head to the next; 0 = the same for all.</param>
/// <param name="rowStride">Bytes from one query row to the next; 0 = the same for all.</param>
/// <param name="keys">Keys of a row.</param>
public sealed unsafe class DenseMask(byte* start, long batchStride, long headStride, long rowStride, long keys)
    : IAttentionMask
{
    /// <inheritdoc/>
    public string Description => "mask tensor";

    /// <inheritdoc/>
    public bool VariesByBatch => batchStride != 0;

    /// <inheritdoc/>
    public bool VariesByHead => headStride != 0;

    /// <inheritdoc/>
    /// <remarks>It reads the rectangle up to the first two elements that differ.</remarks>
    public TileClass Classify(in MaskTile tile)
    {
        if (tile.Queries.Count == 0 || tile.Keys.Count == 0)
            return TileClass.Skip;
        int there = Present(tile);
        bool anySeen = false, anyHidden = there < tile.Keys.Count;
        for (int row = 0; row < (rowStride == 0 ? 1 : tile.Queries.Count); row++)
        {
            var of = new ReadOnlySpan<byte>(Row(tile, row), there);
            anySeen |= of.ContainsAnyExcept((byte)0);
            anyHidden |= of.Contains((byte)0);
            if (anySeen && anyHidden)
                return TileClass.Partial;
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
                bits[w] &= Seen(of + w * 64, there - w * 64);
        }
    }

    // 64 bytes, compared with 0 all at once, give 64 bits; a shorter rest is taken byte by byte.
    private static ulong Seen(byte* of, int count)
    {
        if (count >= 64)
            return ~Vector512.Equals(Vector512.Load(of), Vector512<byte>.Zero).ExtractMostSignificantBits();
        ulong bits = 0;
        for (int key = 0; key < count; key++)
            bits |= of[key] != 0 ? 1UL << key : 0;
        return bits;
    }

    private int Present(in MaskTile tile) => (int)Math.Clamp(keys - tile.Keys.Start, 0, tile.Keys.Count);

    private byte* Row(in MaskTile tile, int row) => start
        + tile.Batch * batchStride + tile.QueryHead * headStride + (tile.Queries.Start + row) * rowStride + tile.Keys.Start;
}
