using Distributed.Engine.Jobs;
using Distributed.Kernels.Rows;

namespace Distributed.Engine.Mechanisms;

/// <summary>Which options and tensors have no meaning beside a mechanism or a kind of score, and why.</summary>
internal static class MechanismRules
{
    /// <summary>Refuses what cannot be honoured.</summary>
    /// <exception cref="InputException">An option or tensor has no meaning beside the job's mechanism or scores.</exception>
    public static void Check(in AttentionShape shape, AttentionOptions options, AttentionTensors tensors)
    {
        CheckScores(options, tensors);
        if (options.RowStatistics is not null && options.Mechanism.Kind != MechanismKind.Softmax)
            throw new InputException($"Statistics of rows are sums over softmax weights, which mechanism {options.Mechanism.Kind.ToString().ToLowerInvariant()} does not have.");
        Mechanism mechanism = options.Mechanism;
        if (mechanism.HasScores)
            return;
        string name = mechanism.Kind == MechanismKind.Linear ? "Linear attention" : "The delta rule";
        if (OfScores(options, tensors) is { } score)
            throw new InputException($"{name} has no scores of single keys, so {score} has no meaning beside it.");
        if (options.Rotary is not null)
            throw new InputException($"{name} maps queries and keys by φ, whose sums a rotary embedding would make negative; it has no meaning beside it.");
        if (options.Scale is not null && mechanism.HasDenominator)
            throw new InputException($"Scale {options.Scale} has no meaning beside normalised linear attention, whose denominator takes it away again.");
        if (mechanism.Kind == MechanismKind.Delta)
            CheckDelta(shape, options, tensors);
    }

    /// <summary>Refuses to look at weights that are not those of a softmax of products.</summary>
    /// <exception cref="InputException">The job has others.</exception>
    public static void CheckWeights(Mechanism mechanism, AttentionTensors tensors)
    {
        string? other = mechanism.Kind != MechanismKind.Softmax ? $"mechanism {mechanism.Kind.ToString().ToLowerInvariant()}"
            : tensors.Additive is not null ? "additive scores"
            : tensors.RelativeKeys is not null ? "tensor 'relative_keys'"
            : tensors.RelativeQueries is not null ? "tensor 'relative_queries'" : null;
        if (other is not null)
            throw new InputException($"Analytics of weights are made of softmax(q·k) alone; beside {other} they are not offered.");
    }

    private static void CheckScores(AttentionOptions options, AttentionTensors tensors)
    {
        if (tensors.Additive is null && !tensors.LocationScores)
            return;
        string what = tensors.Additive is not null ? "Additive scores vᵀ tanh(W q + U k)" : "Location-based scores W q";
        string? other = tensors is { Additive: not null, LocationScores: true } ? "tensor 'location_matrix'"
            : tensors.ScoreMatrices is not null ? "tensor 'score_matrix'"
            : tensors.RelativeKeys is not null ? "tensor 'relative_keys'"
            : tensors.RelativeQueries is not null ? "tensor 'relative_queries'"
            : options.QkNorm != RowNorm.None ? $"QK norm {options.QkNorm.ToString().ToLowerInvariant()}"
            : options.Rotary is not null ? "a rotary embedding" : null;
        if (other is not null)
            throw new InputException($"{what} are no products of queries and keys, which {other} is made for.");
    }

    private static string? OfScores(AttentionOptions options, AttentionTensors tensors) =>
        options.Softcap is not (null or 0) ? $"softcap {options.Softcap}"
        : options.Alibi || tensors.AlibiSlopes is not null ? "ALiBi"
        : tensors.RelativeBias is not null ? "tensor 'relative_bias'"
        : tensors.Bias is not null ? "tensor 'bias'"
        : tensors.SinkLogits is not null ? "tensor 'sink_logits'"
        : tensors.ScoreMatrices is not null ? "tensor 'score_matrix'"
        : tensors.Additive is not null ? "an additive score"
        : tensors.LocationScores ? "a location-based score"
        : tensors.RelativeKeys is not null ? "tensor 'relative_keys'"
            : tensors.RelativeQueries is not null ? "tensor 'relative_queries'" : null;

    private static void CheckDelta(in AttentionShape shape, AttentionOptions options, AttentionTensors tensors)
    {
        string? mask = options.Window is { Left: >= 0 } or { Right: >= 0 } ? "a window"
            : options.Dilation is not null ? $"dilation {options.Dilation}"
            : options.BlockPairs is not null ? "block pairs"
            : options.ExcludedBand is not null ? $"excluded band {options.ExcludedBand}"
            : tensors.Mask is not null ? "tensor 'mask'" : null;
        if (mask is not null)
            throw new InputException($"The delta rule has one memory for all queries, out of which no single key can be left; {mask} has no meaning beside it.");
        if (tensors.Beta is null)
            throw new InputException("The delta rule needs a tensor 'beta' [B, Hkv, Skv], the rate at which each key is written.");
        tensors.Beta.ValidateFor(shape);
    }
}
