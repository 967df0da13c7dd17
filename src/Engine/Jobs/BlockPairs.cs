namespace Distributed.Engine.Jobs;

/// <summary>Block-sparse attention: query block r sees key block c if (r, c) is listed.</summary>
/// <param name="QueryBlock">Rows of a query block.</param>
/// <param name="KeyBlock">Keys of a key block.</param>
/// <param name="Pairs">(query block, key block).</param>
public sealed record BlockPairs(int QueryBlock, int KeyBlock, IReadOnlyList<(long Query, long Key)> Pairs)
{
    /// <summary>Checks that every pair lies in the sequences.</summary>
    /// <exception cref="InputException">One does not.</exception>
    internal void ValidateFor(in AttentionShape shape)
    {
        foreach ((long query, long key) in Pairs)
        {
            if (query < 0 || key < 0 || query > (shape.QueryRows - 1) / QueryBlock || key > (shape.KeyRows - 1) / KeyBlock)
            {
                throw new InputException(
                    $"Block pair {query}:{key} lies outside the {shape.QueryRows} queries and {shape.KeyRows} keys in blocks of {QueryBlock} and {KeyBlock}.");
            }
        }
    }
}
