using Distributed.Kernels.Masks;

namespace Distributed.Engine.Jobs;

/// <summary>The masks that options and tensors ask for, cheap ones first.</summary>
internal static class JobMasks
{
    /// <summary>Every mask of a job; a key is seen if all of them let it be seen.</summary>
    public static MaskSet Of(in AttentionShape shape, AttentionOptions options, AttentionTensors tensors)
    {
        QueryPositions positions = Positions(shape, options);
        var masks = new List<IAttentionMask>();
        if (options.Causal is { } alignment)
        {
            masks.Add(options.Prefix is { } prefix
                ? new PrefixMask(alignment.ToString(), positions, prefix)
                : BandMask.Causal(alignment.ToString(), positions));
        }
        if (options.ValidKeys is { } valid)
            masks.Add(new ValidKeysMask(valid));
        if (options.Documents is { } documents)
            masks.Add(new DocumentMask(documents.QueryStarts, documents.Keys));
        List<IAttentionMask> sparsity = Sparsity(options, positions);
        if (options.GlobalKeys is { } globals)
            masks.Add(new GlobalKeysMask(sparsity.Count == 1 ? sparsity[0] : new MaskSet(sparsity), globals));
        else
            masks.AddRange(sparsity);
        if (options.ExcludedBand is { } radius)
            masks.Add(new ExcludedBandMask(positions, radius));
        if (tensors.Mask is { } mask)
            masks.Add(Dense(mask));
        return masks.Count == 0 ? MaskSet.None : new MaskSet(masks);
    }

    /// <summary>The masks that global keys are exempt from.</summary>
    private static List<IAttentionMask> Sparsity(AttentionOptions options, QueryPositions positions)
    {
        var masks = new List<IAttentionMask>();
        if (options.Window is { } window && window is not { Left: < 0, Right: < 0 })
            masks.Add(BandMask.Window(positions, window.Left, window.Right));
        if (options.Dilation is { } stride)
            masks.Add(new DilatedMask(positions, stride));
        if (options.BlockPairs is { } pairs)
            masks.Add(new BlockPairsMask(pairs.QueryBlock, pairs.KeyBlock, pairs.Pairs));
        return masks;
    }

    /// <summary>
    /// Where the queries stand. In packed documents they are aligned within their own document; with valid keys
    /// bottom-right means the last valid key of the batch entry.
    /// </summary>
    public static QueryPositions Positions(in AttentionShape shape, AttentionOptions options)
    {
        CausalAlignment alignment = options.Causal ?? CausalAlignment.TopLeft;
        long rows = shape.QueryRows;
        if (options.Documents is { } documents)
        {
            (IReadOnlyList<long> queries, IReadOnlyList<long> keys) = (documents.QueryStarts, documents.Keys);
            return QueryPositions.PerRun([.. queries.Skip(1)], [.. Enumerable.Range(0, queries.Count - 1).Select(d =>
                keys[d] - queries[d] + alignment.OffsetFor(queries[d + 1] - queries[d], keys[d + 1] - keys[d]))]);
        }
        return options.ValidKeys is { } valid && alignment == CausalAlignment.BottomRight
            ? QueryPositions.PerBatch([.. valid.Select(count => count - rows)])
            : QueryPositions.At(alignment.OffsetFor(rows, shape.KeyRows, shape.PastRows));
    }

    private static unsafe DenseMask Dense(BroadcastTensor mask) => new(
        (byte*)mask.Start, mask.BatchStride, mask.HeadStride, mask.RowStride, mask.Keys);
}
