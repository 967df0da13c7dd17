namespace Distributed.Kernels.Masks;

/// <summary>
/// A band along a diagonal: row <c>i</c> sees the keys from <c>i + offset − left</c> to <c>i + offset + right</c>, both
/// included. Causal attention is a band with no left bound and right = 0, a sliding window has both.
/// </summary>
/// <param name="description">The mask in one short phrase for people.</param>
/// <param name="offset">The key position that query row 0 stands at.</param>
/// <param name="left">Keys seen left of a row's own position; negative = all of them.</param>
/// <param name="right">Keys seen right of a row's own position; negative = all of them.</param>
public sealed class BandMask(string description, long offset, long left, long right) : IAttentionMask
{
    /// <inheritdoc/>
    public string Description => description;

    /// <summary>Causal attention: no key right of the row's own position.</summary>
    public static BandMask Causal(string alignment, long offset) => new($"causal ({alignment})", offset, -1, 0);

    /// <summary>A sliding window of <paramref name="left"/> keys before and <paramref name="right"/> keys behind.</summary>
    public static BandMask Window(long offset, long left, long right) =>
        new($"window ({left}, {right})", offset, left, right);

    /// <inheritdoc/>
    public TileClass Classify(in MaskTile tile)
    {
        if (tile.Queries.Count == 0 || tile.Keys.Count == 0)
            return TileClass.Skip;
        long firstRow = tile.Queries.Start + offset, lastRow = tile.Queries.End - 1 + offset;
        long firstKey = tile.Keys.Start, lastKey = tile.Keys.End - 1;

        // The band's edges move right by one key per row, so a corner of the rectangle decides each question.
        bool leftOf = right >= 0 && firstKey > lastRow + right;
        bool rightOf = left >= 0 && lastKey < firstRow - left;
        if (leftOf || rightOf)
            return TileClass.Skip;
        bool whole = (right < 0 || lastKey <= firstRow + right) && (left < 0 || firstKey >= lastRow - left);
        return whole ? TileClass.Full : TileClass.Partial;
    }

    /// <inheritdoc/>
    public void Apply(in MaskTile tile, MaskWords words)
    {
        for (int row = 0; row < tile.Queries.Count; row++)
        {
            long position = tile.Queries.Start + row + offset - tile.Keys.Start;
            long from = left < 0 ? 0 : position - left;
            long to = right < 0 ? tile.Keys.Count : position + right + 1;
            words.KeepRange(row, from, to);
        }
    }
}
