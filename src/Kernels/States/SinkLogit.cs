using System.Numerics.Tensors;

namespace Distributed.Kernels.States;

/// <summary>
/// A learnable logit per head that joins the denominator of the softmax and has no value (attention sinks as in
/// gpt-oss; "softmax off by one" is the logit 0: Miller, 2023). It is joined once, when all keys are folded, so it is the
/// same in whatever order they came.
/// </summary>
public static class SinkLogit
{
    private const double Ln2 = 0.69314718055994530942, Log2E = 1.44269504088896340736;

    /// <summary>
    /// Writes the output of one row, O / (l + 2^(sink − m)), and leaves the state as it is. A row that has seen no key
    /// gives 0.
    /// </summary>
    /// <param name="state">The final state.</param>
    /// <param name="row">The row.</param>
    /// <param name="logit">The logit, natural units.</param>
    /// <param name="destination">At least <see cref="AttentionState.ValueDim"/> numbers.</param>
    /// <returns>The natural logarithm of the denominator, the sink's share included.</returns>
    public static unsafe float Normalise(in AttentionState state, int row, float logit, Span<float> destination)
    {
        destination = destination[..state.ValueDim];
        double max = state.Sum[row] == 0 ? double.NegativeInfinity : state.Max[row], sink = logit * Log2E;
        double shift = Math.Max(max, sink);
        if (double.IsNegativeInfinity(shift))
        {
            destination.Clear();
            return float.NegativeInfinity;
        }
        double keep = Math.Pow(2, max - shift);
        double denominator = state.Sum[row] * keep + Math.Pow(2, sink - shift);
        TensorPrimitives.Multiply(state.OutputRow(row), (float)(keep / denominator), destination);
        for (int i = 0; i < destination.Length; i++)
            destination[i] = float.IsNaN(destination[i]) ? float.NaN : destination[i] + 0f;
        double lse = Ln2 * (shift + Math.Log2(denominator));
        return double.IsNaN(lse) ? float.NaN : (float)lse;
    }
}
