using Distributed.Engine.Files;
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
        if (tensors.Bias is { } bias && Hidden(bias) is var hidden && (bias.Keys < shape.KeyRows || Hides(hidden, bias, shape)))
            masks.Add(hidden);
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
        CausalAlignment alignment = options.Causal ?? options.Align ?? CausalAlignment.TopLeft;
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

    private static unsafe BiasMask Hidden(BroadcastTensor bias) => new(
        (byte*)bias.Start, bias.Type.ToElementType()!.Value, bias.BatchStride, bias.HeadStride, bias.RowStride, bias.Keys);

    /// <summary>
    /// Whether there is any −∞ in the tensor. Looking once, before the start, spares every tile of one that has none.
    /// </summary>
    private static bool Hides(BiasMask mask, BroadcastTensor bias, in AttentionShape shape)
    {
        const int rowsAtOnce = 1024;
        int keysAtOnce = (int)Math.Min(bias.Keys, 1 << 20);
        long rows = bias.RowStride == 0 ? Math.Min(1, shape.QueryRows) : shape.QueryRows;
        for (int batch = 0; batch < (mask.VariesByBatch ? shape.Batch : 1); batch++)
        {
            for (int head = 0; head < (mask.VariesByHead ? shape.QueryHeads : 1); head++)
            {
                for (long row = 0; row < rows; row += rowsAtOnce)
                {
                    for (long key = 0; key < bias.Keys; key += keysAtOnce)
                    {
                        var tile = new MaskTile(
                            batch, head, new(row, (int)Math.Min(rowsAtOnce, rows - row)),
                            new(key, (int)Math.Min(keysAtOnce, bias.Keys - key)));
                        if (mask.Classify(tile) != TileClass.Full)
                            return true;
                    }
                }
            }
        }
        return false;
    }
}
