using Distributed.Engine.Jobs;

namespace Distributed.Engine.Tests.Reference;

/// <summary>Scores of pairs in float64 from their definitions: products, additive ones, and those with a position's factor.</summary>
internal static class Scores64
{
    public static Attention64.Score Of(AttentionShape s, AttentionOptions options, RandomTensors? tensors, double[] q, double[] k)
    {
        double scale = options.Scale ?? (tensors?.Additive is null ? 1 / Math.Sqrt(s.KeyDim) : 1);
        return (batch, head, query, key) =>
        {
            ReadOnlySpan<double> x = q.AsSpan((int)(((batch * s.QueryHeads + head) * s.QueryRows + query) * s.QueryDim), s.QueryDim);
            ReadOnlySpan<double> y = k.AsSpan((int)(((batch * s.KeyHeads + head / s.Group) * s.KeyRows + key) * s.KeyDim), s.KeyDim);
            if (tensors?.Additive is { } additive)
                return scale * Additive(additive, (int)head, (int)(head / s.Group), x, y);
            double sum = 0;
            for (int d = 0; d < s.KeyDim; d++)
                sum += (x[d] + (tensors?.ContentBias?[head][d] ?? 0)) * y[d];
            if (tensors?.RelativeKeys is { } relative)
            {
                long reach = relative.Distances / 2, distance = key - Attention64.PositionOf(s, options, batch, query);
                float[] of = relative.Heads[relative.Heads.Count == 1 ? 0 : (int)head];
                for (int d = 0; d < s.KeyDim; d++)
                    sum += (x[d] + (tensors.PositionBias?[head][d] ?? 0)) * of[(Math.Clamp(distance, -reach, reach) + reach) * s.KeyDim + d];
            }
            if (tensors?.RelativeQueries is { } queries)
            {
                long reach = queries.Distances / 2, distance = key - Attention64.PositionOf(s, options, batch, query);
                float[] of = queries.Heads[queries.Heads.Count == 1 ? 0 : (int)head];
                for (int d = 0; d < s.KeyDim; d++)
                    sum += y[d] * of[(Math.Clamp(distance, -reach, reach) + reach) * s.KeyDim + d];
            }
            return scale * sum;
        };
    }

    private static double Additive(AdditiveScore score, int head, int keyHead, ReadOnlySpan<double> q, ReadOnlySpan<double> k)
    {
        double[] w = score.W[score.W.Count == 1 ? 0 : head], u = score.U[score.U.Count == 1 ? 0 : keyHead];
        double sum = 0;
        for (int a = 0; a < score.Units; a++)
        {
            double inner = 0;
            for (int d = 0; d < q.Length; d++)
                inner += q[d] * w[d * score.Units + a];
            for (int d = 0; d < k.Length; d++)
                inner += k[d] * u[d * score.Units + a];
            sum += score.V[score.V.Count == 1 ? 0 : head][a] * Math.Tanh(inner);
        }
        return sum;
    }
}
