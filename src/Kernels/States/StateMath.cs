using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Distributed.Kernels.States;

/// <summary>What is done with states besides folding keys into them.</summary>
public static class StateMath
{
    private const double Ln2 = 0.69314718055994530942;

    /// <summary>
    /// Writes O / l of one row: the attention output. A row that has seen no key gives 0. A NaN comes out as
    /// <see cref="float.NaN"/> and a zero as +0, so that the bits do not tell which path made them.
    /// </summary>
    /// <param name="state">The state.</param>
    /// <param name="row">The row.</param>
    /// <param name="destination">At least <see cref="AttentionState.ValueDim"/> numbers.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static unsafe void Normalise(in AttentionState state, int row, Span<float> destination)
    {
        float sum = state.Sum[row];
        destination = destination[..state.ValueDim];
        if (sum == 0f)
        {
            destination.Clear();
            return;
        }
        ReadOnlySpan<float> output = state.OutputRow(row);
        int at = 0;
        for (; Vector512.IsHardwareAccelerated && at + Vector512<float>.Count <= output.Length; at += Vector512<float>.Count)
        {
            Vector512<float> mean = Vector512.Create(output[at..]) / sum + Vector512<float>.Zero;
            Vector512.ConditionalSelect(Vector512.Equals(mean, mean), mean, Vector512.Create(float.NaN)).CopyTo(destination[at..]);
        }
        for (; at + Vector256<float>.Count <= output.Length; at += Vector256<float>.Count)
        {
            Vector256<float> mean = Vector256.Create(output[at..]) / sum + Vector256<float>.Zero;
            Vector256.ConditionalSelect(Vector256.Equals(mean, mean), mean, Vector256.Create(float.NaN)).CopyTo(destination[at..]);
        }
        for (; at < output.Length; at++)
        {
            float mean = output[at] / sum;
            destination[at] = float.IsNaN(mean) ? float.NaN : mean + 0f;
        }
    }

    /// <summary>
    /// The natural logarithm of the sum of exponentials of a row's scores: LSE = ln 2 · (m + log2 l). −∞ for a row that
    /// has seen no key.
    /// </summary>
    public static unsafe float LogSumExp(in AttentionState state, int row)
    {
        float sum = state.Sum[row];
        if (sum == 0f)
            return float.NegativeInfinity;
        double lse = Ln2 * (state.Max[row] + Math.Log2(sum));
        return double.IsNaN(lse) ? float.NaN : (float)lse;
    }

    /// <summary>
    /// Merges the state of the same rows over other keys into <paramref name="into"/>. Two states that have both seen
    /// nothing merge into one that has seen nothing.
    /// </summary>
    /// <exception cref="ArgumentException">The two differ in shape.</exception>
    public static unsafe void Merge(in AttentionState into, in AttentionState other)
    {
        if (into.Rows != other.Rows || into.ValueDim != other.ValueDim)
        {
            throw new ArgumentException(
                $"States of [{into.Rows}, {into.ValueDim}] and [{other.Rows}, {other.ValueDim}] cannot be merged: " +
                "they must be of the same rows and value size.", nameof(other));
        }
        for (int row = 0; row < into.Rows; row++)
        {
            float max = MathF.Max(into.Max[row], other.Max[row]);
            if (float.IsNegativeInfinity(max))
                continue;
            float mine = MathF.Pow(2f, into.Max[row] - max), theirs = MathF.Pow(2f, other.Max[row] - max);
            into.Sum[row] = into.Sum[row] * mine + other.Sum[row] * theirs;
            into.Max[row] = max;
            Span<float> output = into.OutputRow(row);
            TensorPrimitives.Multiply(output, mine, output);
            TensorPrimitives.FusedMultiplyAdd(other.OutputRow(row), theirs, output, output);
        }
    }
}
