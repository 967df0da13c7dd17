using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Kernels.States;

namespace Distributed.Engine.Mechanisms;

/// <summary>The last step of a softmax.</summary>
internal static class FinalRow
{
    /// <summary>Makes every NaN the one NaN and every zero +0, so that the bits do not tell what made them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Canonical(Span<float> row)
    {
        int at = 0;
        for (; at + Vector256<float>.Count <= row.Length; at += Vector256<float>.Count)
        {
            Vector256<float> x = Vector256.Create<float>(row[at..]) + Vector256<float>.Zero;
            Vector256.ConditionalSelect(Vector256.Equals(x, x), x, Vector256.Create(float.NaN)).CopyTo(row[at..]);
        }
        for (; at < row.Length; at++)
            row[at] = float.IsNaN(row[at]) ? float.NaN : row[at] + 0f;
    }

    /// <summary>Writes the output of one row and tells its LSE, both with the sink's share if there is one.</summary>
    public static float Write(in AttentionState state, int row, float? sink, Span<float> output)
    {
        if (sink is { } logit)
            return SinkLogit.Normalise(state, row, logit, output);
        StateMath.Normalise(state, row, output);
        return StateMath.LogSumExp(state, row);
    }
}
