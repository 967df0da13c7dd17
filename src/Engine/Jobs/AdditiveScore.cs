namespace Distributed.Engine.Jobs;

/// <summary>
/// The parameters of an additive score vᵀ tanh(W q + U k) (Bahdanau, Cho and Bengio, 2015). Matrices are for all heads or one
/// for each.
/// </summary>
/// <param name="W">For queries, by query head: <c>[D of q, A]</c>, transposed to how the tensor has it.</param>
/// <param name="U">For keys, by key head: <c>[D of k, A]</c>, transposed likewise.</param>
/// <param name="V">By query head: <c>[A]</c>.</param>
/// <param name="Units">A.</param>
public sealed record AdditiveScore(IReadOnlyList<double[]> W, IReadOnlyList<double[]> U, IReadOnlyList<float[]> V, int Units)
{
    /// <summary>v of a query head.</summary>
    internal float[] VectorOf(int queryHead) => V[V.Count == 1 ? 0 : queryHead];

    internal void ValidateFor(in AttentionShape shape)
    {
        Check("additive_w", W, shape.QueryHeads, "query", shape.QueryDim);
        Check("additive_u", U, shape.KeyHeads, "key", shape.KeyDim);
        if (V.Count != 1 && V.Count != shape.QueryHeads)
            throw new InputException($"Tensor 'additive_v' has {V.Count} vectors; 1 or {shape.QueryHeads}, the query heads, are expected.");
        if (V.Any(vector => vector.Length != Units))
            throw new InputException($"Tensor 'additive_v' has vectors of {V[0].Length} elements; {Units}, the rows of 'additive_w', are expected.");
        if (V.SelectMany(vector => vector).FirstOrDefault(number => !float.IsFinite(number)) is not 0f and var wrong)
            throw new InputException($"Tensor 'additive_v' holds {wrong}; finite numbers are expected.");
    }

    private void Check(string name, IReadOnlyList<double[]> matrices, int heads, string of, int dim)
    {
        if (matrices.Count != 1 && matrices.Count != heads)
            throw new InputException($"Tensor '{name}' has {matrices.Count} matrices; 1 or {heads}, the {of} heads, are expected.");
        if (matrices.Any(matrix => matrix.Length != dim * Units))
            throw new InputException($"Tensor '{name}' has matrices of {matrices[0].Length} numbers; {Units} × {dim} are expected: a row for each element of 'additive_v', of the head size of {(of == "query" ? "q" : "k")}.");
    }
}
