namespace Distributed.Kernels.Masks;

/// <summary>
/// Block-sparse attention by an explicit list: the rows of query block <c>r</c> see the keys of key block <c>c</c> if the
/// pair <c>(r, c)</c> is listed (BigBird: Zaheer et al., 2020; Longformer and sparse transformers are such lists too).
/// </summary>
public sealed class BlockPairsMask : IAttentionMask
{
    private readonly int _queryBlock;
    private readonly int _keyBlock;
    private readonly Dictionary<long, long[]> _keysOf;
    private readonly int _pairs;

    /// <summary>Takes the pairs.</summary>
    /// <param name="queryBlock">Rows of a query block, 1 or more.</param>
    /// <param name="keyBlock">Keys of a key block, 1 or more.</param>
    /// <param name="pairs">(query block, key block); a pair may be listed twice.</param>
    public BlockPairsMask(int queryBlock, int keyBlock, IEnumerable<(long Query, long Key)> pairs)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(queryBlock);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(keyBlock);
        _queryBlock = queryBlock;
        _keyBlock = keyBlock;
        _keysOf = pairs.GroupBy(pair => pair.Query, pair => pair.Key)
            .ToDictionary(row => row.Key, row => row.Distinct().Order().ToArray());
        _pairs = _keysOf.Values.Sum(keys => keys.Length);
    }

    /// <inheritdoc/>
    public string Description => $"{_pairs} block pairs ({_queryBlock} × {_keyBlock})";

    /// <inheritdoc/>
    /// <remarks>O(query blocks in the rectangle · log of the pairs).</remarks>
    public TileClass Classify(in MaskTile tile)
    {
        if (tile.Queries.Count == 0 || tile.Keys.Count == 0)
            return TileClass.Skip;
        long firstKey = tile.Keys.Start / _keyBlock, lastKey = (tile.Keys.End - 1) / _keyBlock;
        bool any = false, all = true;
        for (long block = tile.Queries.Start / _queryBlock; block * _queryBlock < tile.Queries.End; block++)
        {
            long[] keys = KeysOf(block);
            int listed = Boundaries.CountUpTo(keys, lastKey) - Boundaries.CountUpTo(keys, firstKey - 1);
            any |= listed > 0;
            all &= listed == lastKey - firstKey + 1;
            if (any && !all)
                return TileClass.Partial;
        }
        return all ? TileClass.Full : TileClass.Skip;
    }

    /// <inheritdoc/>
    public void Apply(in MaskTile tile, MaskWords words)
    {
        for (int row = 0; row < tile.Queries.Count; row++)
        {
            long[] keys = KeysOf((tile.Queries.Start + row) / _queryBlock);
            long seen = tile.Keys.Start;
            for (int i = Boundaries.CountUpTo(keys, tile.Keys.Start / _keyBlock - 1);
                i < keys.Length && keys[i] * _keyBlock < tile.Keys.End; i++)
            {
                words.ClearRange(row, seen - tile.Keys.Start, keys[i] * _keyBlock - tile.Keys.Start);
                seen = (keys[i] + 1) * _keyBlock;
            }
            words.ClearRange(row, seen - tile.Keys.Start, tile.Keys.Count);
        }
    }

    private long[] KeysOf(long block) => _keysOf.GetValueOrDefault(block, []);
}
