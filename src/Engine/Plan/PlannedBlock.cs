namespace Distributed.Engine.Plan;

/// <summary>The contiguous rows that one block worker owns.</summary>
/// <param name="Index">The block's place in the ring; its left neighbour has one less.</param>
/// <param name="FirstQuerySpan">First query span it computes.</param>
/// <param name="QuerySpans">Query spans it computes.</param>
/// <param name="FirstKeySpan">First key span of the tile it owns.</param>
/// <param name="KeySpans">Key spans of the tile it owns.</param>
/// <param name="Cost">Estimated (query, key) pairs per head that it computes.</param>
public sealed record PlannedBlock(
    int Index, int FirstQuerySpan, int QuerySpans, int FirstKeySpan, int KeySpans, double Cost);
