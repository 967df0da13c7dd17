namespace Distributed.Engine.Jobs;

/// <summary>
/// A vector r by distance j − p of a key from a query's position, clipped to the farthest one: the position's factor of a
/// factorised score (Shaw, Uszkoreit and Vaswani, "Self-Attention with Relative Position Representations", 2018; Dai et al.,
/// "Transformer-XL", 2019).
/// </summary>
/// <remarks>The same form have vectors that meet keys in the place of queries (He et al., "DeBERTa", 2021).</remarks>
/// <param name="Heads">One for all query heads or one for each: <c>[distances, dim]</c>, the farthest key behind first.</param>
/// <param name="Distances">2 · reach + 1.</param>
/// <param name="Dim">Elements of a vector.</param>
public sealed record RelativeKeys(IReadOnlyList<float[]> Heads, int Distances, int Dim)
{
    /// <summary>Most distances: each query row keeps a number for each of them while it is computed.</summary>
    public const int MostDistances = 4097;

    /// <summary>The farthest distance that has a vector of its own.</summary>
    internal int Reach => Distances / 2;

    internal void ValidateFor(string name, in AttentionShape shape)
    {
        if (Heads.Count != 1 && Heads.Count != shape.QueryHeads)
            throw new InputException($"Tensor '{name}' has {Heads.Count} heads; 1 or {shape.QueryHeads}, the query heads, are expected.");
        if (Distances % 2 == 0 || Distances > MostDistances)
            throw new InputException($"Tensor '{name}' has {Distances} distances; an odd number of at most {MostDistances} is expected: -R to R.");
        if (Dim != shape.KeyDim)
            throw new InputException($"Tensor '{name}' has vectors of {Dim} elements; the head size {shape.KeyDim} is expected.");
    }
}
