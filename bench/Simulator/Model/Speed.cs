using Distributed.Engine.Plan;

namespace Distributed.Simulator.Model;

/// <summary>How fast a silo folds.</summary>
/// <param name="PairsPerSecond">(query, key) pairs of one head a second, where no mask is applied.</param>
/// <param name="PartialFactor">How much longer a pair takes, as the plan counts pairs, where a mask is applied.</param>
internal sealed record Speed(double PairsPerSecond, double PartialFactor)
{
    /// <summary>The time that work takes.</summary>
    public TimeSpan TimeFor(PairCounts pairs) =>
        TimeSpan.FromSeconds((pairs.Full + pairs.Partial * PartialFactor) / PairsPerSecond);

    /// <summary>The same kernel on a machine so many times as fast.</summary>
    public Speed Times(double factor) => this with { PairsPerSecond = PairsPerSecond * factor };
}
