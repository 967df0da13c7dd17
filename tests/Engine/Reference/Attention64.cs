using Distributed.Engine.Jobs;

namespace Distributed.Engine.Tests.Reference;

/// <summary>Attention in float64, straight from its definition: the judge of everything else.</summary>
internal static class Attention64
{
    /// <summary>Whether query row i of a head may see key j.</summary>
    public delegate bool Sees(long query, long key);

    /// <summary>The masks of the options, from their definitions.</summary>
    public static Sees MaskOf(AttentionShape shape, AttentionOptions options)
    {
        long offset = options.Causal?.OffsetFor(shape.QueryRows, shape.KeyRows) ?? 0;
        return (query, key) =>
        {
            long distance = key - (query + offset);
            return !(options.Causal is not null && distance > 0)
                && !(options.Window is { Left: >= 0 } left && distance < -left.Left)
                && !(options.Window is { Right: >= 0 } right && distance > right.Right)
                && !(options.ExcludedBand is { } radius && Math.Abs(distance) <= radius);
        };
    }

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
                if (!sees(query, key))
                    continue;
                double dot = 0;
                for (int d = 0; d < s.KeyDim; d++)
                    dot += (double)q[row * s.KeyDim + d] * k[(keyHead * s.KeyRows + key) * s.KeyDim + d];
                scores[key] = dot * scale;
                max = Math.Max(max, scores[key]);
            }
            for (long key = 0; key < s.KeyRows; key++)
            {
                if (!sees(query, key))
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
