using Distributed.Kernels.Spans;

namespace Distributed.Kernels.Masks;

/// <summary>
/// Every <c>stride</c>-th key, counted from the row's own position: a row at position <c>p</c> sees key <c>j</c> if
/// <c>p − j</c> is a multiple of the stride. Alone it is the strided pattern of sparse transformers (Child et al., 2019);
/// with a window it is Longformer's dilated window (Beltagy et al., 2020), the window being counted in keys.
/// </summary>
/// <param name="positions">Where the rows stand.</param>
/// <param name="stride">Distance from one seen key to the next, 1 or more.</param>
public sealed class DilatedMask(QueryPositions positions, int stride) : PositionedMask(positions)
{
    // Bit k of entry p is set where (p − k) is a multiple of the stride: the 64 keys from a key that lies p before
    // the row's own position, modulo the stride. Beyond 64 at most one bit is set, and no table is needed.
    private readonly ulong[] _patterns = stride <= 64 ? [.. Enumerable.Range(0, stride).Select(p => Pattern(p, stride))] : [];

    /// <inheritdoc/>
    public override string Description => $"every {stride} keys";

    private protected override TileClass Classify(long firstPosition, long lastPosition, long firstKey, long lastKey)
    {
        // The distances are all whole numbers from the one of one corner to that of the opposite one.
        long least = firstPosition - lastKey, most = lastPosition - firstKey;
        long multiple = most - Modulo(most);
        if (multiple < least)
            return TileClass.Skip;
        return stride == 1 || least == most ? TileClass.Full : TileClass.Partial;
    }

    private protected override void Apply(int row, long position, RowRange keys, MaskWords words)
    {
        Span<ulong> of = words.Row(row);
        int phase = (int)Modulo(position - keys.Start);
        for (int w = 0; w < of.Length; w++)
        {
            of[w] &= _patterns.Length > 0 ? _patterns[phase] : phase < 64 ? 1UL << phase : 0;
            phase = (int)Modulo(phase - 64L);
        }
    }

    private static ulong Pattern(int phase, int stride)
    {
        ulong bits = 0;
        for (int key = phase; key < 64; key += stride)
            bits |= 1UL << key;
        return bits;
    }

    private long Modulo(long distance) => (distance % stride + stride) % stride;
}
