using System.Globalization;
using Distributed.Kernels.Rows;

namespace Distributed.Engine.Jobs;

/// <summary>Rotary position embedding of queries and keys on the way in.</summary>
public sealed record RotaryOptions
{
    /// <summary>The base of the frequencies base^(−2i / dims).</summary>
    /// <value>10000.</value>
    public double Base { get; init; } = 10_000;

    /// <summary>Elements of a row that are turned, the first ones; even. Null = all.</summary>
    public int? Dims { get; init; }

    /// <summary>Pairs are neighbours (RoFormer); otherwise the two halves of the turned elements (GPT-NeoX).</summary>
    public bool Interleaved { get; init; }

    /// <summary>How frequencies are stretched; null = not.</summary>
    public RotaryScaling? Scaling { get; init; }

    internal RotaryEmbedding EmbeddingFor(int keyDim)
    {
        int dims = Dims ?? keyDim;
        double factor = Scaling?.Factor ?? 1;
        return Scaling?.Kind switch
        {
            RotaryScalingKind.Linear => new RotaryEmbedding(RotaryFrequencies.Linear(Base, dims, factor), 1, Interleaved),
            RotaryScalingKind.Ntk => new RotaryEmbedding(RotaryFrequencies.Ntk(Base, dims, factor), 1, Interleaved),
            RotaryScalingKind.Yarn => new RotaryEmbedding(
                RotaryFrequencies.Yarn(Base, dims, factor, Scaling.Trained!.Value), RotaryFrequencies.YarnFactor(factor), Interleaved),
            _ => new RotaryEmbedding(RotaryFrequencies.Plain(Base, dims), 1, Interleaved),
        };
    }

    internal void ValidateFor(in AttentionShape shape)
    {
        int dims = Dims ?? shape.KeyDim;
        if (!double.IsFinite(Base) || Base <= 1)
            throw new InputException($"Rotary base {Base} is out of range; a number above 1 is expected.");
        if (dims < 2 || dims > shape.KeyDim || dims % 2 != 0)
            throw new InputException($"Rotary dims {dims} are out of range; an even number from 2 to the head size {shape.KeyDim} is expected.");
        if (Scaling is { } scaling && (!double.IsFinite(scaling.Factor) || scaling.Factor < 1))
            throw new InputException($"Rotary scaling factor {scaling.Factor} is out of range; 1 or more is expected.");
        if (Scaling is { Kind: RotaryScalingKind.Ntk } && dims == 2)
            throw new InputException("Rotary scaling ntk needs more than 2 dims.");
        if (Scaling is { Kind: RotaryScalingKind.Yarn } yarn != Scaling is { Trained: not null } || Scaling?.Trained < 1)
            throw new InputException($"Rotary scaling {Scaling} is not known; yarn, and yarn alone, has a trained length of 1 or more.");
    }
}

/// <summary>How the frequencies of a rotary embedding are stretched.</summary>
/// <param name="Kind">The way.</param>
/// <param name="Factor">How many times longer.</param>
/// <param name="Trained">Positions trained on; for YaRN alone.</param>
public sealed record RotaryScaling(RotaryScalingKind Kind, double Factor, long? Trained = null)
{
    /// <summary>Reads <c>linear:F</c>, <c>ntk:F</c> or <c>yarn:F:TRAINED</c>.</summary>
    /// <exception cref="InputException">It is none of them.</exception>
    public static RotaryScaling Parse(string text)
    {
        string[] parts = text.Split(':');
        RotaryScalingKind? kind = parts[0] switch
        {
            "linear" => RotaryScalingKind.Linear,
            "ntk" => RotaryScalingKind.Ntk,
            "yarn" => RotaryScalingKind.Yarn,
            _ => null,
        };
        long trained = 0;
        bool good = kind is not null && parts.Length == (kind == RotaryScalingKind.Yarn ? 3 : 2)
            && double.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out double _)
            && (parts.Length == 2 || long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out trained));
        return good
            ? new RotaryScaling(kind!.Value, double.Parse(parts[1], CultureInfo.InvariantCulture), parts.Length == 3 ? trained : null)
            : throw new InputException($"Rotary scaling '{text}' is not known; linear:FACTOR, ntk:FACTOR or yarn:FACTOR:TRAINED is expected.");
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Kind.ToString().ToLowerInvariant()}:{Factor:R}{(Trained is { } trained ? $":{trained}" : "")}");
}

/// <summary>Ways to stretch the frequencies of a rotary embedding.</summary>
public enum RotaryScalingKind
{
    /// <summary>Positions are divided by the factor (Chen et al., 2023).</summary>
    Linear,

    /// <summary>The base is raised (bloc97, 2023).</summary>
    Ntk,

    /// <summary>Fast pairs as they are, slow ones divided (Peng et al., 2023).</summary>
    Yarn,
}
