namespace Distributed.Engine.Jobs;

/// <summary>
/// Several documents packed one behind the other; a query sees the keys of its own document alone. Document <c>d</c> has
/// the query rows from <c>QueryStarts[d]</c> to <c>QueryStarts[d + 1]</c>, and likewise the keys.
/// </summary>
/// <param name="QueryStarts">Cumulative lengths: 0, ascending, up to the number of query rows.</param>
/// <param name="KeyStarts">The same for the keys; null = the documents of the queries (self-attention).</param>
public sealed record PackedDocuments(IReadOnlyList<long> QueryStarts, IReadOnlyList<long>? KeyStarts = null)
{
    /// <summary>The boundaries of the keys.</summary>
    public IReadOnlyList<long> Keys => KeyStarts ?? QueryStarts;

    /// <summary>Checks the boundaries against the sizes.</summary>
    /// <exception cref="InputException">They do not cover the rows or the keys.</exception>
    internal void ValidateFor(in AttentionShape shape)
    {
        if (shape.PastRows > 0)
            throw new InputException("Documents and past keys exclude one another: past keys belong to no document.");
        if (KeyStarts is null && shape.QueryRows != shape.KeyRows)
        {
            throw new InputException(
                $"Documents are given for the {shape.QueryRows} queries but not for the {shape.KeyRows} keys; as many boundaries of the keys (key documents) are expected.");
        }
        Check("Documents", QueryStarts, shape.QueryRows, "queries");
        Check("Key documents", Keys, shape.KeyRows, "keys");
        if (Keys.Count != QueryStarts.Count)
        {
            throw new InputException(
                $"There are {QueryStarts.Count - 1} documents of queries but {Keys.Count - 1} of keys; as many are expected.");
        }
    }

    private static void Check(string what, IReadOnlyList<long> starts, long length, string rows)
    {
        if (starts.Count == 0 || starts[0] != 0)
            throw new InputException($"{what} begin with {(starts.Count == 0 ? "nothing" : starts[0])}; cumulative lengths begin with 0.");
        for (int i = 1; i < starts.Count; i++)
        {
            if (starts[i] < starts[i - 1])
                throw new InputException($"{what} fall from {starts[i - 1]} to {starts[i]}; cumulative lengths never fall.");
        }
        if (starts[^1] != length)
            throw new InputException($"{what} end with {starts[^1]}; the number of {rows}, {length}, is expected.");
    }
}
