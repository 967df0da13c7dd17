using Distributed.Engine.Jobs;

namespace Distributed.Engine.Tests.Reference;

/// <summary>Attention in float64, straight from its definition: the judge of everything else.</summary>
internal static class Attention64
{
    /// <summary>Whether query row i of a head of a batch entry may see key j.</summary>
    public delegate bool Sees(long batch, long head, long query, long key);

    /// <summary>The masks of the options and tensors, from their definitions.</summary>
    public static Sees MaskOf(AttentionShape shape, AttentionOptions options, RandomTensors? tensors = null)
    {
        bool bottomRight = options.Causal?.ToString() == "bottom-right";
        long? explicitly = options.Causal is { } causal && long.TryParse(causal.ToString(), out long number) ? number : null;
        long Position(long batch, long query)
        {
            if (options.Documents is { } documents)
            {
                int d = DocumentOf(documents.QueryStarts, query);
                long rows = documents.QueryStarts[d + 1] - documents.QueryStarts[d], keys = documents.Keys[d + 1] - documents.Keys[d];
                return documents.Keys[d] + (query - documents.QueryStarts[d]) + (explicitly ?? (bottomRight ? keys - rows : 0));
            }
            long end = bottomRight && options.ValidKeys is { } valid ? valid[(int)batch] : shape.KeyRows;
            return query + (explicitly ?? (bottomRight ? end - shape.QueryRows : shape.PastRows));
        }
        return (batch, head, query, key) =>
        {
            long distance = key - Position(batch, query);
            bool sparse = (options.Window is not { Left: >= 0 } left || distance >= -left.Left)
                && (options.Window is not { Right: >= 0 } right || distance <= right.Right)
                && (options.Dilation is not { } stride || distance % stride == 0)
                && (options.BlockPairs is not { } pairs || pairs.Pairs.Contains((query / pairs.QueryBlock, key / pairs.KeyBlock)));
            return !(options.Causal is not null && distance > 0 && !(key < options.Prefix))
                && (sparse || key < options.GlobalKeys)
                && !(options.ExcludedBand is { } radius && Math.Abs(distance) <= radius)
                && !(options.ValidKeys is { } counts && key >= counts[(int)batch])
                && !(options.Documents is { } packed && DocumentOf(packed.QueryStarts, query) != DocumentOf(packed.Keys, key))
                && (tensors?.Mask is null || tensors.MayAttend(batch, head, query, key));
        };
    }

    private static int DocumentOf(IReadOnlyList<long> starts, long at) =>
        Enumerable.Range(0, starts.Count - 1).Single(d => starts[d] <= at && at < starts[d + 1]);

    /// <summary>softmax(scale · q kᵀ) v and its LSE, <c>[B, Hq, Sq, Dv]</c> and <c>[B, Hq, Sq]</c>.</summary>
    public static (double[] Output, double[] LogSumExp) Compute(
        AttentionShape s, float[] q, float[] k, float[] v, double scale, Sees sees)
    {
        var output = new double[s.Batch * s.QueryHeads * s.QueryRows * s.ValueDim];
        var lse = new double[s.Batch * s.QueryHeads * s.QueryRows];
        var scores = new double[s.KeyRows];
        for (long row = 0; row < lse.LongLength; row++)
        {
            long query = row % s.QueryRows, head = row / s.QueryRows % s.QueryHeads, batch = row / s.QueryRows / s.QueryHeads;
            long keyHead = batch * s.KeyHeads + head / s.Group;
            double max = double.NegativeInfinity, sum = 0;
            for (long key = 0; key < s.KeyRows; key++)
            {
                scores[key] = double.NegativeInfinity;
                if (!sees(batch, head, query, key))
                    continue;
                double dot = 0;
                for (int d = 0; d < s.KeyDim; d++)
                    dot += (double)q[row * s.KeyDim + d] * k[(keyHead * s.KeyRows + key) * s.KeyDim + d];
                scores[key] = dot * scale;
                max = Math.Max(max, scores[key]);
            }
            for (long key = 0; key < s.KeyRows; key++)
            {
                if (!sees(batch, head, query, key))
                    continue;
                double weight = Math.Exp(scores[key] - max);
                sum += weight;
                for (int c = 0; c < s.ValueDim; c++)
                    output[row * s.ValueDim + c] += weight * v[(keyHead * s.KeyRows + key) * s.ValueDim + c];
            }
            for (int c = 0; c < s.ValueDim && sum != 0; c++)
                output[row * s.ValueDim + c] /= sum;
            lse[row] = sum == 0 ? double.NegativeInfinity : max + Math.Log(sum);
        }
        return (output, lse);
    }
}
