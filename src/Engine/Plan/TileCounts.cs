namespace Distributed.Engine.Plan;

/// <summary>How many (query span, key span) pairs of one head a mask skips, keeps in part and keeps whole.</summary>
/// <param name="Skipped">Pairs that are neither fetched nor computed.</param>
/// <param name="Partial">Pairs computed with the mask applied.</param>
/// <param name="Full">Pairs computed without a mask.</param>
public readonly record struct TileCounts(long Skipped, long Partial, long Full)
{
    /// <summary>Pairs that are computed.</summary>
    public long Computed => Partial + Full;
}
