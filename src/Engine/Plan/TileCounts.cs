namespace Distributed.Engine.Plan;

/// <summary>How many (query span, key span) pairs a mask skips, keeps in part and keeps whole.</summary>
/// <param name="Skipped">Pairs that are neither fetched nor computed.</param>
/// <param name="Partial">Pairs computed with the mask applied.</param>
/// <param name="Full">Pairs computed without a mask.</param>
/// <param name="Matrices">
/// The attention matrices that the counts are summed over: those that the masks tell apart. 1 as long as the masks are the
/// same for every head and batch entry: the counts are then those of one head. Else the query heads if the masks differ
/// between those, times the batch entries if they differ between those.
/// </param>
public readonly record struct TileCounts(long Skipped, long Partial, long Full, int Matrices = 1)
{
    /// <summary>Pairs that are computed.</summary>
    public long Computed => Partial + Full;
}
