using Distributed.Engine.Mechanisms;

namespace Distributed.Engine.Jobs;

/// <summary>
/// The optional tensors of an attention: large ones, read where they lie while the job runs, and the numbers of small
/// ones, each of which stands for an option.
/// </summary>
public sealed record AttentionTensors
{
    /// <summary>None.</summary>
    public static AttentionTensors None { get; } = new();

    /// <summary>BOOL, true = may attend; null = none.</summary>
    public BroadcastTensor? Mask { get; init; }

    /// <summary>F32, F16 or BF16, added to the scores after the softcap; −∞ hides a key; null = none.</summary>
    public BroadcastTensor? Bias { get; init; }

    /// <summary>A logit per query head that joins the softmax's denominator; null = none.</summary>
    public IReadOnlyList<float>? SinkLogits { get; init; }

    /// <summary>An ALiBi slope per query head; null = none, or the standard ones by <see cref="AttentionOptions.Alibi"/>.</summary>
    public IReadOnlyList<float>? AlibiSlopes { get; init; }

    /// <summary>A learned bias per bucket of distances and head; null = none.</summary>
    public RelativeBias? RelativeBias { get; init; }

    /// <summary>Luong's W per query head, or one for all: <c>[D, D]</c>, row after row; null = none.</summary>
    public IReadOnlyList<double[]>? ScoreMatrices { get; init; }

    /// <summary>Additive scores in the place of products; null = products.</summary>
    public AdditiveScore? Additive { get; init; }

    /// <summary>
    /// Whether the keys are the rows of a location matrix, so that a score hangs on the query and the key's position alone
    /// (Luong, Pham and Manning, "Effective Approaches to Attention-based Neural Machine Translation", 2015, equation 8).
    /// </summary>
    public bool LocationScores { get; init; }

    /// <summary>Vectors by distance whose products with a query are added to its scores; null = none.</summary>
    public RelativeKeys? RelativeKeys { get; init; }

    /// <summary>Vectors by distance whose products with a key are added to its scores; null = none.</summary>
    public RelativeKeys? RelativeQueries { get; init; }

    /// <summary>Per query head, what is added to a query before it meets keys (u of Transformer-XL); null = none.</summary>
    public IReadOnlyList<float[]>? ContentBias { get; init; }

    /// <summary>Per query head, what is added to a query before it meets <see cref="RelativeKeys"/> (v of Transformer-XL); null = none.</summary>
    public IReadOnlyList<float[]>? PositionBias { get; init; }

    /// <summary>How strongly each key is written into the memory of the delta rule; null = none.</summary>
    public KeyRates? Beta { get; init; }

    /// <summary>Factors of the elements of queries after <see cref="AttentionOptions.QkNorm"/>; null = none.</summary>
    public IReadOnlyList<float>? QueryNorm { get; init; }

    /// <summary>Factors of the elements of keys after <see cref="AttentionOptions.QkNorm"/>; null = none.</summary>
    public IReadOnlyList<float>? KeyNorm { get; init; }

    /// <summary>Positions of the queries for <see cref="AttentionOptions.Rotary"/>; null = where they stand.</summary>
    public PositionTensor? QueryPositions { get; init; }

    /// <summary>Positions of the keys for <see cref="AttentionOptions.Rotary"/>; null = their numbers.</summary>
    public PositionTensor? KeyPositions { get; init; }

    /// <summary>For <see cref="AttentionOptions.ValidKeys"/>; null = none.</summary>
    public IReadOnlyList<long>? ValidKeys { get; init; }

    /// <summary>For <see cref="AttentionOptions.Documents"/>; null = none.</summary>
    public PackedDocuments? Documents { get; init; }

    /// <summary>The options, completed by what the tensors say.</summary>
    /// <exception cref="InputException">An option is given both ways.</exception>
    internal AttentionOptions Complete(AttentionOptions options)
    {
        RefuseBoth("valid_keys", ValidKeys is not null && options.ValidKeys is not null);
        RefuseBoth("documents", Documents is not null && options.Documents is not null);
        return options with
        {
            ValidKeys = options.ValidKeys ?? ValidKeys,
            Documents = options.Documents ?? Documents,
        };
    }

    /// <summary>Checks the small ones against the sizes and the options.</summary>
    /// <exception cref="InputException">One does not fit.</exception>
    internal void ValidateFor(in AttentionShape shape, AttentionOptions options)
    {
        RefuseBoth("alibi_slopes", AlibiSlopes is not null && options.Alibi);
        RequirePerHead("alibi_slopes", AlibiSlopes, shape.QueryHeads);
        RequirePerHead("sink_logits", SinkLogits, shape.QueryHeads);
        MechanismRules.Check(shape, options, this);
        if (Beta is not null && options.Mechanism.Kind != MechanismKind.Delta)
            throw new InputException("Tensor 'beta' has no meaning without mechanism delta, whose rates it holds.");
        Additive?.ValidateFor(shape);
        RelativeKeys?.ValidateFor("relative_keys", shape);
        RelativeQueries?.ValidateFor("relative_queries", shape);
        RequirePerHead("content_bias", ContentBias, shape, RelativeKeys);
        RequirePerHead("position_bias", PositionBias, shape, RelativeKeys);
        bool positions = options.Window is { Left: >= 0 } or { Right: >= 0 } || options.Dilation is not null || options.ExcludedBand is not null
            || options.Alibi || AlibiSlopes is not null || RelativeBias is not null || (RelativeKeys ?? RelativeQueries) is not null || options.Rotary is not null;
        if (options.Align is not null && !positions)
            throw new InputException($"Alignment {options.Align} has no meaning: neither window, dilation, excluded band, ALiBi, relative bias, relative keys nor rotary embedding asks for positions.");
        RelativeBias?.ValidateFor(shape, options);
        if (RelativeBias is null && options.RelativeDistance is not null)
            throw new InputException($"Relative distance {options.RelativeDistance} has no meaning without a tensor 'relative_bias'.");
        if (ScoreMatrices is { } matrices && ((matrices.Count != 1 && matrices.Count != shape.QueryHeads) || matrices.Any(Wrong(shape.KeyDim))))
            throw new InputException($"Tensor 'score_matrix' has {matrices.Count} matrices of {matrices[0].Length} numbers; 1 or {shape.QueryHeads} of [{shape.KeyDim}, {shape.KeyDim}] are expected.");
        RequireNorm("q_norm", QueryNorm, shape.KeyDim, options);
        RequireNorm("k_norm", KeyNorm, shape.KeyDim, options);
        if (options.Rotary is null && (QueryPositions ?? KeyPositions) is not null)
            throw new InputException($"Tensor '{(QueryPositions is null ? "k_positions" : "q_positions")}' has no meaning without a rotary embedding.");
        QueryPositions?.ValidateFor("q_positions", shape.Batch, shape.QueryRows);
        KeyPositions?.ValidateFor("k_positions", shape.Batch, shape.KeyRows);
        if (AlibiSlopes?.FirstOrDefault(slope => !float.IsFinite(slope)) is { } wrong && !float.IsFinite(wrong))
            throw new InputException($"Tensor 'alibi_slopes' holds {wrong}; finite numbers are expected.");
    }

    private static Func<double[], bool> Wrong(int dim) => matrix => matrix.Length != dim * dim;

    private static void RequireNorm(string name, IReadOnlyList<float>? numbers, int dim, AttentionOptions options)
    {
        if (numbers is null)
            return;
        if (options.QkNorm == Kernels.Rows.RowNorm.None)
            throw new InputException($"Tensor '{name}' has no meaning without a QK norm, whose factors it holds.");
        if (numbers.Count != dim)
            throw new InputException($"Tensor '{name}' has {numbers.Count} numbers; one for each of the {dim} elements of a head is expected.");
    }

    private static void RequirePerHead(string name, IReadOnlyList<float>? numbers, int heads)
    {
        if (numbers is not null && numbers.Count != heads)
            throw new InputException($"Tensor '{name}' has {numbers.Count} numbers; one for each of the {heads} query heads is expected.");
    }

    private static void RequirePerHead(string name, IReadOnlyList<float[]>? vectors, in AttentionShape shape, RelativeKeys? keys)
    {
        if (vectors is null)
            return;
        if (keys is null)
            throw new InputException($"Tensor '{name}' has no meaning without a tensor 'relative_keys', which it goes with.");
        int dim = shape.KeyDim;
        if (vectors.Count != shape.QueryHeads || vectors.Any(vector => vector.Length != dim))
            throw new InputException($"Tensor '{name}' is [{vectors.Count}, {(vectors.Count == 0 ? 0 : vectors[0].Length)}]; [Hq, D] = [{shape.QueryHeads}, {dim}] is expected.");
    }

    private static void RefuseBoth(string name, bool both)
    {
        if (both)
            throw new InputException($"The input holds tensor '{name}' and the option of that name is given too; one of them is expected.");
    }
}
