namespace Distributed.Kernels.Masks;

/// <summary>
/// Packed documents: several sequences one behind the other, of which each row sees the keys of its own alone. Document
/// <c>d</c> has the rows from <c>queryStarts[d]</c> to <c>queryStarts[d + 1]</c> and the keys from <c>keyStarts[d]</c> to
/// <c>keyStarts[d + 1]</c>: the cumulative lengths of FlashAttention's variable-length calls.
/// </summary>
public sealed class DocumentMask : IAttentionMask
{
    private readonly long[] _queryStarts;
    private readonly long[] _keyStarts;
    private readonly int[] _whole;

    /// <summary>Takes the boundaries.</summary>
    /// <param name="queryStarts">Ascending from 0 to the number of query rows.</param>
    /// <param name="keyStarts">Ascending from 0 to the number of keys, of the same length.</param>
    /// <exception cref="ArgumentException">They are of different lengths.</exception>
    public DocumentMask(IReadOnlyList<long> queryStarts, IReadOnlyList<long> keyStarts)
    {
        ArgumentNullException.ThrowIfNull(queryStarts);
        ArgumentNullException.ThrowIfNull(keyStarts);
        if (queryStarts.Count != keyStarts.Count)
        {
            throw new ArgumentException(
                $"There are {queryStarts.Count} boundaries of queries and {keyStarts.Count} of keys.", nameof(keyStarts));
        }
        _queryStarts = [.. queryStarts];
        _keyStarts = [.. keyStarts];
        _whole = new int[_queryStarts.Length];
        for (int d = 1; d < _whole.Length; d++)
            _whole[d] = _whole[d - 1] + (_queryStarts[d] > _queryStarts[d - 1] && _keyStarts[d] > _keyStarts[d - 1] ? 1 : 0);
    }

    /// <inheritdoc/>
    public string Description => $"{_queryStarts.Length - 1} documents";

    /// <inheritdoc/>
    public bool ClassifiesAnySize => true;

    /// <inheritdoc/>
    public TileClass Classify(in MaskTile tile)
    {
        if (tile.Queries.Count == 0 || tile.Keys.Count == 0)
            return TileClass.Skip;
        int firstRows = DocumentOf(_queryStarts, tile.Queries.Start), lastRows = DocumentOf(_queryStarts, tile.Queries.End - 1);
        int firstKeys = DocumentOf(_keyStarts, tile.Keys.Start), lastKeys = DocumentOf(_keyStarts, tile.Keys.End - 1);
        if (firstRows == lastRows && firstKeys == lastKeys)
            return firstRows == firstKeys ? TileClass.Full : TileClass.Skip;

        // A document between both ends of both sides lies in the rectangle with at least one row and key, unless it has
        // none of one of them at all.
        int first = Math.Max(firstRows, firstKeys), last = Math.Min(lastRows, lastKeys);
        return first <= last && _whole[last + 1] > _whole[first] ? TileClass.Partial : TileClass.Skip;
    }

    /// <inheritdoc/>
    public void Apply(in MaskTile tile, MaskWords words)
    {
        int document = DocumentOf(_queryStarts, tile.Queries.Start);
        for (int row = 0; row < tile.Queries.Count; row++)
        {
            while (_queryStarts[document + 1] <= tile.Queries.Start + row)
                document++;
            words.KeepRange(row, _keyStarts[document] - tile.Keys.Start, _keyStarts[document + 1] - tile.Keys.Start);
        }
    }

    private static int DocumentOf(long[] starts, long at) => Boundaries.CountUpTo(starts, at) - 1;
}
