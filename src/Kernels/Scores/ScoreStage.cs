using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Distributed.Kernels.Scores;

/// <summary>
/// What is done to the scores of one tile of one head between q·k and the mask, in this order: softcap, distance bias
/// (ALiBi), additive bias. It works element by element, sixteen at a time, on scores where they lie in memory, so that
/// every kernel gets the same bits from it. Scores are in base 2 (times log2 e), so all of its numbers are too.
/// </summary>
/// <remarks>
/// A kernel calls <see cref="Apply"/> for every score that a row may see; others may be passed over. Multiples of 16 keys
/// are worked on, so there must be room behind the last score, whose contents do not matter.
/// </remarks>
public readonly unsafe struct ScoreStage
{
    private const float Log2EHigh = 1.44269502f, Log2ELow = 1.92596303e-8f;
    private const double Log2E = 1.44269504088896340736, Ln2 = 0.69314718055994530942;

    private readonly float _capIn;
    private readonly float _capOut;

    /// <summary>A stage for one tile.</summary>
    /// <param name="softcap">c of c · tanh(s / c); 0 = none.</param>
    public ScoreStage(double softcap)
    {
        if (softcap != 0)
            (_capIn, _capOut) = ((float)(Ln2 / softcap), (float)(softcap * Log2E));
    }

    /// <summary>ALiBi slope of the head, natural units: −slope · |position − key| is added; 0 = none.</summary>
    public float Slope { get; init; }

    /// <summary>Per row, its position minus that of the tile's first key; only read where there is a slope.</summary>
    public float* Distances { get; init; }

    /// <summary>Added to the scores, natural units: the elements of the tile's rows and keys; no data = none.</summary>
    public BiasTile Bias { get; init; }

    /// <summary>Works on scores of one row.</summary>
    /// <param name="row">Row of the tile.</param>
    /// <param name="key">First key of the tile; a multiple of 16.</param>
    /// <param name="scores">Its score and those that follow.</param>
    /// <param name="count">Scores; rounded up to 16.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(int row, int key, float* scores, int count)
    {
        float* end = scores + count;
        Vector512<float> slope = Vector512.Create((float)(-(double)Slope * Log2E));
        Vector512<float> distance = default;
        if (Slope != 0)
            distance = Vector512.Create(Distances[row]) - (Vector512.Create((float)key) + Lanes);
        for (; scores < end; scores += 16, key += 16)
        {
            Vector512<float> score = Vector512.Load(scores);
            if (_capIn != 0)
                score = Tanh.Of(score * _capIn) * _capOut;
            if (Slope != 0)
            {
                score = Vector512.FusedMultiplyAdd(Vector512.Abs(distance), slope, score);
                distance = Vector512.Create(Distances[row]) - (Vector512.Create((float)(key + 16)) + Lanes);
            }
            if (Bias.Data is not null)
            {
                Vector512<float> bias = Bias.Load(row, key);
                score = Vector512.FusedMultiplyAdd(bias, Vector512.Create(Log2EHigh), Vector512.FusedMultiplyAdd(bias, Vector512.Create(Log2ELow), score));
            }
            // A NaN from a tensor may have any low bits, and Exp2 counts on those of float.NaN.
            Vector512.ConditionalSelect(Vector512.Equals(score, score), score, Vector512.Create(float.NaN)).Store(scores);
        }
    }

    private static Vector512<float> Lanes => Vector512.Create(
        0f, 1f, 2f, 3f, 4f, 5f, 6f, 7f, 8f, 9f, 10f, 11f, 12f, 13f, 14f, 15f);
}
