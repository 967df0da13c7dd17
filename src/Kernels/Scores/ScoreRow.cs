using Distributed.Kernels.Memory;

namespace Distributed.Kernels.Scores;

/// <summary>
/// The scores of one query row on some keys, one by one: for people who want to look at them, where the kernels only
/// fold them. The arithmetic is that of the scalar kernel.
/// </summary>
public static unsafe class ScoreRow
{
    private const double Ln2 = 0.69314718055994530942, Log2E = 1.44269504088896340736;

    /// <summary>Writes scale · q·k in base 2, and what the stage makes of it.</summary>
    /// <param name="query">One row.</param>
    /// <param name="scale">The softmax scale.</param>
    /// <param name="keys">At most one span of rows.</param>
    /// <param name="stage">What is done to the scores of the row's tile; null = nothing.</param>
    /// <param name="row">Row of the tile that the stage is of.</param>
    /// <param name="scores">Room for the keys' number rounded up to 16.</param>
    public static void Compute(
        TensorRows query, double scale, TensorRows keys, ScoreStage? stage, int row, Span<float> scores)
    {
        for (int key = 0; key < keys.Count; key++)
        {
            float sum = 0f;
            for (int d = 0; d < keys.Dim; d++)
                sum = MathF.FusedMultiplyAdd((float)(ElementReader.Read(query, 0, d) * (scale * Log2E)), ElementReader.Read(keys, key, d), sum);
            scores[key] = sum;
        }
        scores[keys.Count..].Clear();
        fixed (float* start = scores)
            stage?.Apply(row, 1, 0, start, scores.Length, keys.Count);
    }

    /// <summary>From base 2 to natural units: s · ln 2.</summary>
    public static float Natural(float score) => (float)(score * Ln2);
}
