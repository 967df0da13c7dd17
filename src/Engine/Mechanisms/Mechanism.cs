using Distributed.Kernels.Hard;
using Distributed.Kernels.Linear;

namespace Distributed.Engine.Mechanisms;

/// <summary>The mechanism of a job with what it takes.</summary>
public sealed record Mechanism
{
    /// <summary>What becomes of the scores.</summary>
    /// <value><see cref="MechanismKind.Softmax"/>.</value>
    public MechanismKind Kind { get; init; }

    /// <summary>Keys that a row of <see cref="MechanismKind.Hard"/> keeps; null = 1, the argmax.</summary>
    public int? TopK { get; init; }

    /// <summary>φ of linear attention and of the delta rule; null = elu + 1, and the identity for the delta rule.</summary>
    public FeatureMap? FeatureMap { get; init; }

    /// <summary>
    /// Whether linear attention divides by φ(q)ᵀ Σ φ(k); null = it does, unless φ is the identity, whose sums may be 0 or
    /// negative.
    /// </summary>
    public bool? Normalised { get; init; }

    /// <summary>Whether the delta rule divides φ(q) and φ(k) by the sums of their elements.</summary>
    public bool FeatureSums { get; init; }

    /// <summary>Keys that a row keeps.</summary>
    internal int Kept => TopK ?? 1;

    /// <summary>φ.</summary>
    internal FeatureMap Features => FeatureMap ?? (Kind == MechanismKind.Delta ? Kernels.Linear.FeatureMap.Identity : Kernels.Linear.FeatureMap.Elu1);

    /// <summary>Whether there is a denominator.</summary>
    internal bool HasDenominator => Kind switch
    {
        MechanismKind.Delta => false,
        MechanismKind.Linear => Normalised ?? Features != Kernels.Linear.FeatureMap.Identity,
        _ => true,
    };

    /// <summary>
    /// Whether there are scores of single pairs of a query and a key, for which keys go round a ring to queries; otherwise a memory
    /// goes through the keys in their order.
    /// </summary>
    public bool HasScores => Kind is MechanismKind.Softmax or MechanismKind.Hard;

    /// <summary>In short, for people; null where it goes without saying.</summary>
    internal string? Description => Kind switch
    {
        MechanismKind.Softmax => null,
        MechanismKind.Hard => Kept == 1 ? "hard attention (the best key)" : $"hard attention (the best {Kept} keys)",
        MechanismKind.Linear => $"linear attention ({Features.Name()}{(HasDenominator ? "" : ", not normalised")})",
        _ => $"delta rule ({Features.Name()}{(FeatureSums ? ", features of sum 1" : "")})",
    };

    /// <summary>Checks it by itself.</summary>
    /// <exception cref="InputException">A part has no meaning, or is out of its range.</exception>
    internal void Validate()
    {
        Require(TopK is null || Kind == MechanismKind.Hard, $"Top-k {TopK} has no meaning without mechanism hard, whose keys it counts.");
        Require(TopK is null or (>= 1 and <= TopKFold.MaxK), $"Top-k {TopK} is out of range; 1 to {TopKFold.MaxK} is expected.");
        Require(
            FeatureMap is null || !HasScores,
            $"Feature map {FeatureMap?.Name()} has no meaning without mechanism linear or delta, whose queries and keys it maps.");
        Require(
            Normalised is null || Kind == MechanismKind.Linear,
            $"Normalised {Normalised?.ToString().ToLowerInvariant()} has no meaning without mechanism linear, whose sums it is about.");
        Require(!FeatureSums || Kind == MechanismKind.Delta, "Feature sums have no meaning without mechanism delta, whose features they are divided out of.");
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new InputException(otherwise);
    }
}
