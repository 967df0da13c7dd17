using Distributed.Kernels.States;

namespace Distributed.Engine.Mechanisms;

/// <summary>The last step of a softmax.</summary>
internal static class FinalRow
{
    /// <summary>Writes the output of one row and tells its LSE, both with the sink's share if there is one.</summary>
    public static float Write(in AttentionState state, int row, float? sink, Span<float> output)
    {
        if (sink is { } logit)
            return SinkLogit.Normalise(state, row, logit, output);
        StateMath.Normalise(state, row, output);
        return StateMath.LogSumExp(state, row);
    }
}
