namespace Distributed.Engine.Analytics;

/// <summary>Two rows of a self-attention, one attending to the other.</summary>
/// <param name="Query">The row that attends.</param>
/// <param name="Key">The row it attends to.</param>
/// <param name="Weight">The weight, averaged over heads.</param>
public readonly record struct RowPair(int Query, int Key, float Weight);

/// <summary>The strongest links of a whole self-attention.</summary>
public static class StrongestPairs
{
    /// <summary>
    /// The strongest pairs, by falling weight, then by query, then by key. Of two rows that attend to each other the
    /// stronger direction stands for both (of equal ones, that of the smaller query). They are drawn from the links that
    /// each row has kept: a pair is missed only if its query has that many stronger ones. What a row gives to itself is no
    /// pair.
    /// </summary>
    /// <param name="links">The links of every row.</param>
    /// <param name="count">Pairs wanted, at most.</param>
    public static IReadOnlyList<RowPair> Of(TopLinks links, int count)
    {
        ArgumentNullException.ThrowIfNull(links);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var best = new Dictionary<(int Low, int High), RowPair>();
        for (int row = 0; row < links.Rows; row++)
        {
            foreach (Link link in links[row])
            {
                if (link.Key == row)
                    continue;
                (int Low, int High) pair = (Math.Min(row, link.Key), Math.Max(row, link.Key));
                if (!best.TryGetValue(pair, out RowPair other) || link.Weight > other.Weight)
                    best[pair] = new RowPair(row, link.Key, link.Weight);
            }
        }
        return best.Values
            .OrderByDescending(pair => pair.Weight).ThenBy(pair => pair.Query).ThenBy(pair => pair.Key)
            .Take(count).ToArray();
    }
}
