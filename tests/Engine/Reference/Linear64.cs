using Distributed.Engine.Jobs;
using Distributed.Kernels.Linear;

namespace Distributed.Engine.Tests.Reference;

/// <summary>Linear attention and the delta rule in float64, straight from their definitions.</summary>
internal static class Linear64
{
    /// <summary>Σ φ(q)·φ(k) v over the keys a row sees, divided by Σ φ(q)·φ(k) if that is asked for, and the logarithm of that.</summary>
    public static (double[] Output, double[] LogSumExp) Compute(
        AttentionShape s, double[] q, double[] k, float[] v, AttentionOptions options, Attention64.Sees sees, bool divides)
    {
        FeatureMap map = options.Mechanism.FeatureMap ?? FeatureMap.Elu1;
        double[] queries = Map(q, map), keys = Map(k, map);
        var output = new double[s.Batch * s.QueryHeads * s.QueryRows * s.ValueDim];
        var lse = new double[s.Batch * s.QueryHeads * s.QueryRows];
        for (long row = 0; row < lse.LongLength; row++)
        {
            long query = row % s.QueryRows, head = row / s.QueryRows % s.QueryHeads, batch = row / s.QueryRows / s.QueryHeads;
            double sum = 0;
            for (long key = 0; key < s.KeyRows; key++)
            {
                if (!sees(batch, head, query, key))
                    continue;
                long at = (batch * s.KeyHeads + head / s.Group) * s.KeyRows + key;
                double weight = 0;
                for (int d = 0; d < s.KeyDim; d++)
                    weight += queries[row * s.KeyDim + d] * keys[at * s.KeyDim + d];
                sum += weight;
                for (int c = 0; c < s.ValueDim; c++)
                    output[row * s.ValueDim + c] += weight * v[at * s.ValueDim + c];
            }
            for (int c = 0; c < s.ValueDim; c++)
                output[row * s.ValueDim + c] = !divides ? output[row * s.ValueDim + c] * (options.Scale ?? 1) : sum == 0 ? 0 : output[row * s.ValueDim + c] / sum;
            lse[row] = divides ? Math.Log(sum) : 0;
        }
        return (output, lse);
    }

    /// <summary>For each row: S is 0, and each key that the row sees is written; then the query reads.</summary>
    public static double[] Delta(
        AttentionShape s, double[] q, double[] k, float[] v, float[] beta, AttentionOptions options, Attention64.Sees sees)
    {
        FeatureMap map = options.Mechanism.FeatureMap ?? FeatureMap.Identity;
        double[] queries = Map(q, map), keys = Map(k, map);
        if (options.Mechanism.FeatureSums)
        {
            Divide(queries, s.KeyDim);
            Divide(keys, s.KeyDim);
        }
        var output = new double[s.Batch * s.QueryHeads * s.QueryRows * s.ValueDim];
        for (long row = 0; row < s.Batch * s.QueryHeads * s.QueryRows; row++)
        {
            long query = row % s.QueryRows, head = row / s.QueryRows % s.QueryHeads, batch = row / s.QueryRows / s.QueryHeads;
            var memory = new double[s.ValueDim, s.KeyDim];
            for (long key = 0; key < s.KeyRows; key++)
            {
                if (!sees(batch, head, query, key))
                    continue;
                long at = (batch * s.KeyHeads + head / s.Group) * s.KeyRows + key;
                for (int c = 0; c < s.ValueDim; c++)
                {
                    double recalled = 0;
                    for (int d = 0; d < s.KeyDim; d++)
                        recalled += memory[c, d] * keys[at * s.KeyDim + d];
                    for (int d = 0; d < s.KeyDim; d++)
                        memory[c, d] += beta[at] * (v[at * s.ValueDim + c] - recalled) * keys[at * s.KeyDim + d];
                }
            }
            for (int c = 0; c < s.ValueDim; c++)
            {
                for (int d = 0; d < s.KeyDim; d++)
                    output[row * s.ValueDim + c] += (options.Scale ?? 1) * memory[c, d] * queries[row * s.KeyDim + d];
            }
        }
        return output;
    }

    private static double[] Map(double[] rows, FeatureMap map) => [.. rows.Select(x => map switch
    {
        FeatureMap.Elu1 => x > 0 ? x + 1 : Math.Exp(x),
        FeatureMap.Relu => Math.Max(x, 0),
        _ => x,
    })];

    private static void Divide(double[] rows, int dim)
    {
        for (int at = 0; at < rows.Length; at += dim)
        {
            double sum = rows.AsSpan(at, dim).ToArray().Sum();
            for (int d = 0; d < dim; d++)
                rows[at + d] = sum == 0 ? 0 : rows[at + d] / sum;
        }
    }
}
