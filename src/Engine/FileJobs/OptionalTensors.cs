using Distributed.Engine.Jobs;

namespace Distributed.Engine.FileJobs;

/// <summary>The tensors that a job reads from its input file if they are there, by name.</summary>
internal static class OptionalTensors
{
    /// <summary>BOOL, broadcastable to [B, Hq, Sq, Skv]: true = may attend.</summary>
    public const string Mask = "mask";

    /// <summary>I64 [B]: keys of each batch entry that are no padding.</summary>
    public const string ValidKeys = "valid_keys";

    /// <summary>I64: cumulative lengths of packed documents.</summary>
    public const string Documents = "documents";

    /// <summary>I64: the same for the keys.</summary>
    public const string KeyDocuments = "key_documents";

    /// <summary>Keys that were there before, of the axes of k.</summary>
    public const string PastKeys = "past_k";

    /// <summary>Values that were there before, of the axes of v.</summary>
    public const string PastValues = "past_v";

    /// <summary>F32, F16 or BF16, broadcastable to [B, Hq, Sq, Skv]: added to the scores.</summary>
    public const string Bias = "bias";

    /// <summary>[Hq]: joins the softmax's denominator.</summary>
    public const string SinkLogits = "sink_logits";

    /// <summary>[Hq]: slopes of ALiBi.</summary>
    public const string AlibiSlopes = "alibi_slopes";

    /// <summary>[buckets, Hq]: T5's relative biases.</summary>
    public const string RelativeBias = "relative_bias";

    /// <summary>[D, D] or [Hq, D, D]: Luong's W.</summary>
    public const string ScoreMatrix = "score_matrix";

    /// <summary>[D]: factors of a query's elements after the QK norm.</summary>
    public const string QueryNorm = "q_norm";

    /// <summary>[D]: factors of a key's elements after the QK norm.</summary>
    public const string KeyNorm = "k_norm";

    /// <summary>I64 [Sq] or [B, Sq]: positions of the queries for the rotary embedding.</summary>
    public const string QueryPositions = "q_positions";

    /// <summary>I64 [Skv] or [B, Skv]: positions of the keys for the rotary embedding.</summary>
    public const string KeyPositions = "k_positions";

    /// <summary>[A, D] or [Hq, A, D]: W of additive scores.</summary>
    public const string AdditiveW = "additive_w";

    /// <summary>[A, D] or [Hkv, A, D]: U of additive scores.</summary>
    public const string AdditiveU = "additive_u";

    /// <summary>[A] or [Hq, A]: v of additive scores.</summary>
    public const string AdditiveV = "additive_v";

    /// <summary>[L, D] or [Hkv, L, D]: W of location-based scores, a row for each key position; it stands in the place of k.</summary>
    public const string LocationMatrix = "location_matrix";

    /// <summary>[2R + 1, D] or [Hq, 2R + 1, D]: vectors by distance.</summary>
    public const string RelativeKeys = "relative_keys";

    /// <summary>[2R + 1, D] or [Hq, 2R + 1, D]: vectors by distance that meet keys.</summary>
    public const string RelativeQueries = "relative_queries";

    /// <summary>[Hq, D]: added to queries before they meet keys.</summary>
    public const string ContentBias = "content_bias";

    /// <summary>[Hq, D]: added to queries before they meet relative keys.</summary>
    public const string PositionBias = "position_bias";

    /// <summary>[B, Hkv, Skv]: rates of the delta rule.</summary>
    public const string Beta = "beta";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        Mask, Bias, ValidKeys, Documents, KeyDocuments, PastKeys, PastValues, SinkLogits, AlibiSlopes,
        RelativeBias, ScoreMatrix, QueryNorm, KeyNorm, QueryPositions, KeyPositions, AdditiveW, AdditiveU, AdditiveV, LocationMatrix,
        RelativeKeys, RelativeQueries, ContentBias, PositionBias, Beta,
    ];

    /// <summary>What the input has of them: large ones where they lie, small ones as numbers.</summary>
    /// <exception cref="InputException">A tensor is not what its name says.</exception>
    public static AttentionTensors Describe(in AttentionShape shape, IReadOnlyDictionary<string, FoundTensor> found)
    {
        if (found.ContainsKey(KeyDocuments) && !found.ContainsKey(Documents))
            throw new InputException($"The input holds tensor '{KeyDocuments}' but no '{Documents}', which it goes with.");
        return new AttentionTensors
        {
            Mask = found.TryGetValue(Mask, out FoundTensor mask) ? mask.Mask(shape) : null,
            Bias = found.TryGetValue(Bias, out FoundTensor bias) ? bias.Bias(shape) : null,
            SinkLogits = found.TryGetValue(SinkLogits, out FoundTensor sinks) ? sinks.Floats() : null,
            AlibiSlopes = found.TryGetValue(AlibiSlopes, out FoundTensor slopes) ? slopes.Floats() : null,
            RelativeBias = found.TryGetValue(RelativeBias, out FoundTensor relative) ? relative.Relative() : null,
            ScoreMatrices = found.TryGetValue(ScoreMatrix, out FoundTensor matrix) ? matrix.Matrices() : null,
            Additive = Additive(found),
            LocationScores = found.ContainsKey(LocationMatrix),
            RelativeKeys = found.TryGetValue(RelativeKeys, out FoundTensor distances) ? distances.Distances() : null,
            RelativeQueries = found.TryGetValue(RelativeQueries, out FoundTensor byKeys) ? byKeys.Distances() : null,
            ContentBias = found.TryGetValue(ContentBias, out FoundTensor content) ? content.Vectors() : null,
            PositionBias = found.TryGetValue(PositionBias, out FoundTensor position) ? position.Vectors() : null,
            Beta = found.TryGetValue(Beta, out FoundTensor beta) ? beta.Rates() : null,
            QueryNorm = found.TryGetValue(QueryNorm, out FoundTensor queryNorm) ? queryNorm.Floats() : null,
            KeyNorm = found.TryGetValue(KeyNorm, out FoundTensor keyNorm) ? keyNorm.Floats() : null,
            QueryPositions = found.TryGetValue(QueryPositions, out FoundTensor ofQueries) ? ofQueries.Positions() : null,
            KeyPositions = found.TryGetValue(KeyPositions, out FoundTensor ofKeys) ? ofKeys.Positions() : null,
            ValidKeys = found.TryGetValue(ValidKeys, out FoundTensor valid) ? valid.Wholes() : null,
            Documents = found.TryGetValue(Documents, out FoundTensor documents)
                ? new PackedDocuments(documents.Wholes(), found.TryGetValue(KeyDocuments, out FoundTensor keys) ? keys.Wholes() : null)
                : null,
        };
    }

    private static AdditiveScore? Additive(IReadOnlyDictionary<string, FoundTensor> found)
    {
        string[] names = [AdditiveW, AdditiveU, AdditiveV], there = [.. names.Where(found.ContainsKey)];
        if (there.Length == 0)
            return null;
        if (there.Length < names.Length)
            throw new InputException($"The input holds tensor '{there[0]}' but no '{names.Except(there).First()}', which it goes with.");
        (IReadOnlyList<double[]> w, int units) = found[AdditiveW].Projections();
        (IReadOnlyList<double[]> u, int keyUnits) = found[AdditiveU].Projections();
        if (units != keyUnits)
            throw new InputException($"Tensor '{AdditiveW}' has {units} rows but '{AdditiveU}' has {keyUnits}; they must be equal.");
        return new AdditiveScore(w, u, found[AdditiveV].Vectors(), units);
    }
}
