using Distributed.Kernels.Hard;
using Distributed.Kernels.Memory;

namespace Distributed.Engine.Mechanisms;

/// <summary>The keys of a row of scores that hard attention keeps.</summary>
/// <param name="k">How many; null = all.</param>
internal sealed unsafe class KeptKeys(int? k)
{
    /// <summary>Makes the scores of all others −∞.</summary>
    public void HideOthers(Span<float> scores)
    {
        if (k is not { } kept)
            return;
        using var memory = new NativeBuffer(TopKState.FloatsFor(1, kept) * sizeof(float));
        var best = new TopKState(memory.Floats, 1, kept);
        best.Reset();
        fixed (float* all = scores)
            TopKFold.Take(best, all, scores.Length, 0, scores.Length);
        scores.Fill(float.NegativeInfinity);
        for (int i = 0; i < best.Count(0); i++)
            scores[(int)best.Keys(0)[i]] = best.Scores(0)[i];
    }
}
