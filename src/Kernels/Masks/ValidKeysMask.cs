namespace Distributed.Kernels.Masks;

/// <summary>Padding behind the keys: in batch entry <c>b</c> only the first <c>counts[b]</c> keys are seen.</summary>
/// <param name="counts">Valid keys of each batch entry.</param>
public sealed class ValidKeysMask(IReadOnlyList<long> counts) : IAttentionMask
{
    private readonly long[] _counts = [.. counts];

    /// <inheritdoc/>
    public string Description => "valid keys";

    /// <inheritdoc/>
    public bool VariesByBatch => _counts.Length > 1;

    /// <inheritdoc/>
    public bool ClassifiesAnySize => true;

    /// <inheritdoc/>
    public TileClass Classify(in MaskTile tile)
    {
        if (tile.Queries.Count == 0 || tile.Keys.Count == 0 || tile.Keys.Start >= _counts[tile.Batch])
            return TileClass.Skip;
        return tile.Keys.End <= _counts[tile.Batch] ? TileClass.Full : TileClass.Partial;
    }

    /// <inheritdoc/>
    public void Apply(in MaskTile tile, MaskWords words)
    {
        for (int row = 0; row < tile.Queries.Count; row++)
            words.KeepRange(row, 0, _counts[tile.Batch] - tile.Keys.Start);
    }
}
