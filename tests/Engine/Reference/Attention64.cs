using Distributed.Engine.Jobs;

namespace Distributed.Engine.Tests.Reference;

/// <summary>Attention in float64, straight from its definition: the judge of everything else.</summary>
internal static class Attention64
{
    /// <summary>Whether query row i of a head of a batch entry may see key j.</summary>
    public delegate bool Sees(long batch, long head, long query, long key);

    /// <summary>What becomes of scale · q·k of a row and key.</summary>
    public delegate double Scores(long batch, long head, long query, long key, double dot);

    /// <summary>The scores of the options and tensors, from their definitions.</summary>
    public static Scores ScoresOf(AttentionShape shape, AttentionOptions options, RandomTensors? tensors = null) =>
        (batch, head, query, key, dot) =>
        {
            double score = options.Softcap is > 0 and { } cap ? cap * Math.Tanh(dot / cap) : dot;
            double slope = tensors?.AlibiSlopes?[head] ?? (options.Alibi ? Slope(head, shape.QueryHeads) : 0);
            if (tensors?.RelativeBias is { } relative)
                score += relative.Values[Bucket(key - PositionOf(shape, options, batch, query), relative.Buckets, options) * relative.Heads + (int)head];
            return score - slope * Math.Abs(PositionOf(shape, options, batch, query) - key)
                + (tensors?.BiasOf(batch, head, query, key) ?? 0);
        };

    // As in the T5 code that was published with the paper, with its names.
    private static int Bucket(long relativePosition, int numBuckets, AttentionOptions options)
    {
        int maxDistance = options.RelativeDistance ?? 128, ret = 0;
        long n = -relativePosition;
        if (options.Causal is null)
        {
            numBuckets /= 2;
            ret += n < 0 ? numBuckets : 0;
            n = Math.Abs(n);
        }
        else
        {
            n = Math.Max(n, 0);
        }
        int maxExact = numBuckets / 2;
        double large = maxExact + Math.Truncate(Math.Log(n / (double)maxExact) / Math.Log(maxDistance / (double)maxExact) * (numBuckets - maxExact));
        return ret + (n < maxExact ? (int)n : (int)Math.Min(large, numBuckets - 1));
    }

    // From the definition in words: a geometric sequence for a power of two of heads, else filled up from the next one's.
    private static double Slope(long head, int heads)
    {
        int power = 1;
        while (power * 2 <= heads)
            power *= 2;
        return head < power ? Math.Pow(2, -8.0 / power * (head + 1)) : Math.Pow(2, -8.0 / (2 * power) * (2 * (head - power) + 1));
    }

    public static long PositionOf(AttentionShape shape, AttentionOptions options, long batch, long query)
    {
        CausalAlignment? alignment = options.Causal ?? options.Align;
        bool bottomRight = alignment?.ToString() == "bottom-right";
        long? explicitly = alignment is { } of && long.TryParse(of.ToString(), out long number) ? number : null;
        if (options.Documents is { } documents)
        {
            int d = DocumentOf(documents.QueryStarts, query);
            long rows = documents.QueryStarts[d + 1] - documents.QueryStarts[d], keys = documents.Keys[d + 1] - documents.Keys[d];
            return documents.Keys[d] + (query - documents.QueryStarts[d]) + (explicitly ?? (bottomRight ? keys - rows : 0));
        }
        long end = bottomRight && options.ValidKeys is { } valid ? valid[(int)batch] : shape.KeyRows;
        return query + (explicitly ?? (bottomRight ? end - shape.QueryRows : shape.PastRows));
    }

    /// <summary>The masks of the options and tensors, from their definitions.</summary>
    public static Sees MaskOf(AttentionShape shape, AttentionOptions options, RandomTensors? tensors = null) =>
        (batch, head, query, key) =>
        {
            long distance = key - PositionOf(shape, options, batch, query);
            bool sparse = (options.Window is not { Left: >= 0 } left || distance >= -left.Left)
                && (options.Window is not { Right: >= 0 } right || distance <= right.Right)
                && (options.Dilation is not { } stride || distance % stride == 0)
                && (options.BlockPairs is not { } pairs || pairs.Pairs.Contains((query / pairs.QueryBlock, key / pairs.KeyBlock)));
            return !(options.Causal is not null && distance > 0 && !(key < options.Prefix))
                && (sparse || key < options.GlobalKeys)
                && !(options.ExcludedBand is { } radius && Math.Abs(distance) <= radius)
                && !(options.ValidKeys is { } counts && key >= counts[(int)batch])
                && !(options.Documents is { } packed && DocumentOf(packed.QueryStarts, query) != DocumentOf(packed.Keys, key))
                && (tensors?.Mask is null || tensors.MayAttend(batch, head, query, key))
                && (tensors?.Bias is null || tensors.BiasOf(batch, head, query, key) != double.NegativeInfinity);
        };

    private static int DocumentOf(IReadOnlyList<long> starts, long at) =>
        Enumerable.Range(0, starts.Count - 1).Single(d => starts[d] <= at && at < starts[d + 1]);

    /// <summary>The score of a row and key, before the softcap.</summary>
    public delegate double Score(long batch, long head, long query, long key);

    /// <summary>softmax(scores) v and its LSE, <c>[B, Hq, Sq, Dv]</c> and <c>[B, Hq, Sq]</c>.</summary>
    public static (double[] Output, double[] LogSumExp) Compute(
        AttentionShape s, Score score, float[] v, Sees sees, Scores? become = null, IReadOnlyList<float>? sinks = null, int? topK = null)
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
                scores[key] = score(batch, head, query, key);
                if (become is not null)
                    scores[key] = become(batch, head, query, key, scores[key]);
                max = Math.Max(max, scores[key]);
            }
            long[] kept = topK is null ? [] : [.. Enumerable.Range(0, (int)s.KeyRows).OrderByDescending(key => scores[key]).ThenBy(key => key).Take(topK.Value).Select(key => (long)key)];
            for (long key = 0; key < s.KeyRows; key++)
            {
                if (!sees(batch, head, query, key) || (topK is not null && !kept.Contains(key)))
                    continue;
                double weight = Math.Exp(scores[key] - max);
                sum += weight;
                for (int c = 0; c < s.ValueDim; c++)
                    output[row * s.ValueDim + c] += weight * v[(keyHead * s.KeyRows + key) * s.ValueDim + c];
            }
            if (sinks is not null)
            {
                double raised = Math.Max(max, sinks[(int)head]);
                double keep = sum == 0 ? 0 : Math.Exp(max - raised);
                sum = sum * keep + Math.Exp(sinks[(int)head] - raised);
                for (int c = 0; c < s.ValueDim; c++)
                    output[row * s.ValueDim + c] *= keep;
                max = raised;
            }
            for (int c = 0; c < s.ValueDim && sum != 0; c++)
                output[row * s.ValueDim + c] /= sum;
            lse[row] = sum == 0 ? double.NegativeInfinity : max + Math.Log(sum);
        }
        return (output, lse);
    }
}
