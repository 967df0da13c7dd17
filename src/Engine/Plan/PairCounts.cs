namespace Distributed.Engine.Plan;

/// <summary>Estimated (query, key) pairs of one head, apart for pairs of spans that a mask keeps whole and in part.</summary>
/// <param name="Full">Pairs where no mask is applied.</param>
/// <param name="Partial">Pairs where one is: half of the rectangle.</param>
public readonly record struct PairCounts(double Full, double Partial)
{
    /// <summary>Both, as <see cref="PlannedBlock.Cost"/> counts them.</summary>
    public double Cost => Full + Partial;

    /// <summary>The sum of two.</summary>
    public static PairCounts operator +(PairCounts one, PairCounts other) => one.Add(other);

    /// <summary>The sum with another.</summary>
    public PairCounts Add(PairCounts other) => new(Full + other.Full, Partial + other.Partial);
}
