namespace Distributed.Engine.Jobs;

/// <summary>
/// The sizes of one attention: queries <c>[Batch, QueryHeads, QueryRows, KeyDim]</c>, keys
/// <c>[Batch, KeyHeads, KeyRows, KeyDim]</c>, values <c>[Batch, KeyHeads, KeyRows, ValueDim]</c>, output
/// <c>[Batch, QueryHeads, QueryRows, ValueDim]</c>.
/// </summary>
/// <param name="Batch">Batch entries.</param>
/// <param name="QueryHeads">Query heads; a multiple of <paramref name="KeyHeads"/>.</param>
/// <param name="KeyHeads">Key and value heads.</param>
/// <param name="QueryRows">Query rows.</param>
/// <param name="KeyRows">Keys.</param>
/// <param name="KeyDim">Elements of a query and of a key.</param>
/// <param name="ValueDim">Elements of a value.</param>
/// <param name="PastRows">
/// How many of the keys, the first ones, were there before the queries: without another alignment the queries stand at
/// the positions behind them.
/// </param>
public readonly record struct AttentionShape(
    int Batch, int QueryHeads, int KeyHeads, long QueryRows, long KeyRows, int KeyDim, int ValueDim,
    long PastRows = 0)
{
    /// <summary>Elements of a query, where they differ from those of a key; otherwise the same number.</summary>
    public int QueryDim
    {
        get => field == 0 ? KeyDim : field;
        init;
    }

    /// <summary>Query heads that share one key head (GQA); consecutive ones.</summary>
    public int Group => KeyHeads == 0 ? 0 : QueryHeads / KeyHeads;

    /// <summary>Floating-point operations of one (query, key) pair of one head: a product and a sum per element.</summary>
    public long FlopsPerPair => 2L * (KeyDim + ValueDim);
}
