namespace Distributed.Kernels.Masks;

/// <summary>
/// A band cut out along the diagonal: row <c>i</c> does not see keys at a distance of <c>radius</c> or less from its own
/// position. Document analysis uses it to keep a passage's own neighbourhood out of its strongest links.
/// </summary>
/// <param name="offset">The key position that query row 0 stands at.</param>
/// <param name="radius">Largest excluded distance; 0 excludes the row's own position alone.</param>
public sealed class ExcludedBandMask(long offset, long radius) : IAttentionMask
{
    /// <inheritdoc/>
    public string Description => $"excluded band ({radius})";

    /// <inheritdoc/>
    public TileClass Classify(in MaskTile tile)
    {
        if (tile.Queries.Count == 0 || tile.Keys.Count == 0)
            return TileClass.Skip;
        long firstRow = tile.Queries.Start + offset, lastRow = tile.Queries.End - 1 + offset;
        long firstKey = tile.Keys.Start, lastKey = tile.Keys.End - 1;
        if (lastKey < firstRow - radius || firstKey > lastRow + radius)
            return TileClass.Full;
        bool allCut = firstKey >= lastRow - radius && lastKey <= firstRow + radius;
        return allCut ? TileClass.Skip : TileClass.Partial;
    }

    /// <inheritdoc/>
    public void Apply(in MaskTile tile, MaskWords words)
    {
        for (int row = 0; row < tile.Queries.Count; row++)
        {
            long position = tile.Queries.Start + row + offset - tile.Keys.Start;
            words.ClearRange(row, position - radius, position + radius + 1);
        }
    }
}
