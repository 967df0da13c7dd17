namespace Distributed.Kernels.Spans;

/// <summary>
/// The order in which a query span folds the key spans: its own first, then leftwards to 0, then from the last one
/// leftwards to the one right of its own. It is the order in which a ring delivers them, and it hangs on the span grids
/// alone: this is why the same input gives the same bits whatever the cluster looked like.
/// </summary>
/// <param name="QuerySpans">Spans of the query sequence.</param>
/// <param name="KeySpans">Spans of the key sequence.</param>
public readonly record struct CanonicalOrder(int QuerySpans, int KeySpans)
{
    /// <summary>
    /// The key span that query span <paramref name="querySpan"/> folds first. In cross-attention, where the two grids
    /// differ, it is the one at the same share of its sequence.
    /// </summary>
    public int First(int querySpan) =>
        QuerySpans == KeySpans ? querySpan : (int)((long)querySpan * KeySpans / QuerySpans);

    /// <summary>The key span at <paramref name="position"/> (0-based) in the order of <paramref name="querySpan"/>.</summary>
    public int KeySpanAt(int querySpan, int position)
    {
        int span = First(querySpan) - position;
        return span >= 0 ? span : span + KeySpans;
    }

    /// <summary>The position of <paramref name="keySpan"/> in the order of <paramref name="querySpan"/>.</summary>
    public int PositionOf(int querySpan, int keySpan)
    {
        int position = First(querySpan) - keySpan;
        return position >= 0 ? position : position + KeySpans;
    }
}
