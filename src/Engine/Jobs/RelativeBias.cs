using Distributed.Kernels.Scores;

namespace Distributed.Engine.Jobs;

/// <summary>A learned bias per bucket of distances and query head (T5).</summary>
/// <param name="Values"><c>[buckets, Hq]</c>.</param>
/// <param name="Buckets">Buckets.</param>
/// <param name="Heads">Query heads.</param>
public sealed record RelativeBias(IReadOnlyList<float> Values, int Buckets, int Heads)
{
    private const double Log2E = 1.44269504088896340736;

    /// <summary>T5's own largest distance.</summary>
    public const int DefaultDistance = 128;

    /// <summary>Per head, the bias by distance in base 2: element farthest + distance.</summary>
    internal float[][] Tables(int farthest, bool bothSides) =>
    [
        .. Enumerable.Range(0, Heads).Select(head =>
        {
            float[] table = GC.AllocateArray<float>(2 * farthest + 1, pinned: true);
            for (int distance = -farthest; distance <= farthest; distance++)
            {
                int bucket = RelativeBuckets.Of(distance, Buckets, farthest, bothSides);
                table[farthest + distance] = (float)(Values[bucket * Heads + head] * Log2E);
            }
            return table;
        }),
    ];

    internal void ValidateFor(in AttentionShape shape, AttentionOptions options)
    {
        int farthest = options.RelativeDistance ?? DefaultDistance, exact = options.Causal is null ? Buckets / 4 : Buckets / 2;
        if (Heads != shape.QueryHeads)
            throw new InputException($"Tensor 'relative_bias' has {Heads} columns; one for each of the {shape.QueryHeads} query heads is expected.");
        if (exact < 1 || (options.Causal is null && Buckets % 2 != 0))
            throw new InputException($"Tensor 'relative_bias' has {Buckets} buckets; an even number of 4 or more is expected, with causal attention 2 or more.");
        if (farthest <= exact)
            throw new InputException($"Relative distance {farthest} is not above the {exact} distances that have a bucket each; a larger one is expected.");
    }
}
