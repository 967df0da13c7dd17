using Distributed.Kernels.Spans;

namespace Distributed.Kernels.Masks;

/// <summary>
/// The first keys, seen by every row whatever another mask says (the attention sinks of StreamingLLM: Xiao et al., 2023;
/// the global tokens of Longformer, on the side of the keys).
/// </summary>
/// <param name="inner">The mask that the other keys are under.</param>
/// <param name="count">Keys that every row sees, from key 0 on.</param>
public sealed class GlobalKeysMask(IAttentionMask inner, long count) : IAttentionMask
{
    /// <inheritdoc/>
    public string Description => $"{inner.Description} beside {count} global keys";

    /// <inheritdoc/>
    public bool VariesByBatch => inner.VariesByBatch;

    /// <inheritdoc/>
    public bool VariesByHead => inner.VariesByHead;

    /// <inheritdoc/>
    public bool ClassifiesAnySize => inner.ClassifiesAnySize;

    /// <inheritdoc/>
    public TileClass Classify(in MaskTile tile)
    {
        if (tile.Queries.Count == 0 || tile.Keys.Count == 0)
            return TileClass.Skip;
        int globals = GlobalsIn(tile.Keys);
        if (globals == tile.Keys.Count)
            return TileClass.Full;
        TileClass rest = inner.Classify(tile with { Keys = Behind(tile.Keys, globals) });
        return globals > 0 && rest == TileClass.Skip ? TileClass.Partial : rest;
    }

    /// <inheritdoc/>
    public unsafe void Apply(in MaskTile tile, MaskWords words)
    {
        int globals = GlobalsIn(tile.Keys);
        if (globals == tile.Keys.Count)
            return;
        if (globals == 0)
        {
            inner.Apply(tile, words);
            return;
        }
        // The other mask works on a copy of a row, and only its bits behind the global keys count.
        Span<ulong> copy = stackalloc ulong[words.WordsPerRow];
        fixed (ulong* start = copy)
        {
            var one = new MaskWords(start, 1, words.Keys);
            for (int row = 0; row < tile.Queries.Count; row++)
            {
                Span<ulong> of = words.Row(row);
                of.CopyTo(copy);
                inner.Apply(tile with { Queries = new RowRange(tile.Queries.Start + row, 1) }, one);
                one.KeepRange(0, globals, words.Keys);
                words.KeepRange(row, 0, globals);
                for (int w = 0; w < of.Length; w++)
                    of[w] |= copy[w];
            }
        }
    }

    private static RowRange Behind(RowRange keys, int globals) => new(keys.Start + globals, keys.Count - globals);

    private int GlobalsIn(RowRange keys) => (int)Math.Clamp(count - keys.Start, 0, keys.Count);
}
