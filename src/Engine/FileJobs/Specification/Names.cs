using Distributed.Engine.Analytics;
using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms;
using Distributed.Kernels.Devices;
using Distributed.Kernels.Linear;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Rows;

namespace Distributed.Engine.FileJobs.Specification;

/// <summary>The words that commands and documents use.</summary>
public static class Names
{
    /// <summary>Reads <c>bhsd</c>, <c>bshd</c> or <c>bsd</c>.</summary>
    /// <exception cref="InputException">It is none of them.</exception>
    public static HeadLayout Layout(string text) => text switch
    {
        "bhsd" => HeadLayout.Bhsd,
        "bshd" => HeadLayout.Bshd,
        "bsd" => HeadLayout.Bsd,
        _ => throw new InputException($"Layout '{text}' is not known; bhsd, bshd or bsd is expected."),
    };

    /// <summary>Reads <c>f32</c>, <c>f16</c> or <c>bf16</c>.</summary>
    /// <exception cref="InputException">It is none of them.</exception>
    public static ElementType Type(string text) => text switch
    {
        "f32" => ElementType.F32,
        "f16" => ElementType.F16,
        "bf16" => ElementType.BF16,
        _ => throw new InputException($"Element type '{text}' is not known; f32, f16 or bf16 is expected."),
    };

    /// <summary>Reads <c>raw</c>, <c>softcap</c>, <c>masked</c> or <c>weights</c>.</summary>
    /// <exception cref="InputException">It is none of them.</exception>
    public static ScoreKind Scores(string text) => text switch
    {
        "raw" => ScoreKind.Raw,
        "softcap" => ScoreKind.Softcap,
        "masked" => ScoreKind.Masked,
        "weights" => ScoreKind.Weights,
        _ => throw new InputException($"Scores '{text}' are not known; raw, softcap, masked or weights is expected."),
    };

    /// <summary>Reads <c>none</c>, <c>l2</c> or <c>rms</c>.</summary>
    /// <exception cref="InputException">It is none of them.</exception>
    public static RowNorm Norm(string text) => text switch
    {
        "none" => RowNorm.None,
        "l2" => RowNorm.L2,
        "rms" => RowNorm.Rms,
        _ => throw new InputException($"QK norm '{text}' is not known; none, l2 or rms is expected."),
    };

    /// <summary>Reads <c>half</c> or <c>interleaved</c>.</summary>
    /// <returns>Whether it is interleaved.</returns>
    /// <exception cref="InputException">It is neither.</exception>
    public static bool RotaryPairs(string text) => text switch
    {
        "half" => false,
        "interleaved" => true,
        _ => throw new InputException($"Rotary pairs '{text}' are not known; half or interleaved is expected."),
    };

    /// <summary>Reads <c>each</c>, <c>mean</c> or <c>max</c>.</summary>
    /// <exception cref="InputException">It is none of them.</exception>
    public static HeadAggregation Aggregation(string text) => text switch
    {
        "each" => HeadAggregation.Each,
        "mean" => HeadAggregation.Mean,
        "max" => HeadAggregation.Max,
        _ => throw new InputException($"Heads '{text}' are not known; each, mean or max is expected."),
    };

    /// <summary>The word for how heads come together.</summary>
    public static string Of(HeadAggregation heads) => heads switch
    {
        HeadAggregation.Each => "each",
        HeadAggregation.Mean => "mean",
        _ => "max",
    };

    /// <summary>Reads <c>softmax</c>, <c>hard</c>, <c>linear</c> or <c>delta</c>.</summary>
    /// <exception cref="InputException">It is none of them.</exception>
    public static MechanismKind Mechanism(string text) => text switch
    {
        "softmax" => MechanismKind.Softmax,
        "hard" => MechanismKind.Hard,
        "linear" => MechanismKind.Linear,
        "delta" => MechanismKind.Delta,
        _ => throw new InputException($"Mechanism '{text}' is not known; softmax, hard, linear or delta is expected."),
    };

    /// <summary>Reads <c>elu1</c>, <c>relu</c> or <c>identity</c>.</summary>
    /// <exception cref="InputException">It is none of them.</exception>
    public static FeatureMap Features(string text) => text switch
    {
        "elu1" => FeatureMap.Elu1,
        "relu" => FeatureMap.Relu,
        "identity" => FeatureMap.Identity,
        _ => throw new InputException($"Feature map '{text}' is not known; elu1, relu or identity is expected."),
    };

    /// <summary>Reads <c>sum</c> or <c>none</c>.</summary>
    /// <returns>Whether there is a denominator.</returns>
    /// <exception cref="InputException">It is neither.</exception>
    public static bool Normalised(string text) => text switch
    {
        "sum" => true,
        "none" => false,
        _ => throw new InputException($"Normalisation '{text}' is not known; sum or none is expected."),
    };

    /// <summary>The word for a mechanism.</summary>
    public static string Of(MechanismKind kind) => kind.ToString().ToLowerInvariant();

    /// <summary>What <see cref="Device"/> reads, for error messages.</summary>
    public const string Devices = DeviceChoice.Expected;

    /// <summary>Whether <see cref="Device"/> can read it.</summary>
    public static bool IsDevice(string text) => DeviceChoice.TryParse(text, out _);

    /// <summary>Reads <c>auto</c>, <c>cpu</c>, <c>cuda</c> or <c>opencl</c>, a GPU also with a number: <c>cuda:1</c>.</summary>
    /// <exception cref="InputException">It is none of them.</exception>
    public static DeviceChoice Device(string text) => DeviceChoice.TryParse(text, out DeviceChoice choice)
        ? choice
        : throw new InputException($"Device '{text}' is not known; {DeviceChoice.Expected} is expected.");

    /// <summary>The word for scores.</summary>
    public static string Of(ScoreKind kind) => kind switch
    {
        ScoreKind.Raw => "raw",
        ScoreKind.Softcap => "softcap",
        ScoreKind.Masked => "masked",
        _ => "weights",
    };

    /// <summary>The word for a layout.</summary>
    public static string Of(HeadLayout layout) => layout switch
    {
        HeadLayout.Bhsd => "bhsd",
        HeadLayout.Bshd => "bshd",
        _ => "bsd",
    };

    /// <summary>The word for an element type.</summary>
    public static string Of(ElementType type) => type switch
    {
        ElementType.F32 => "f32",
        ElementType.F16 => "f16",
        _ => "bf16",
    };
}
