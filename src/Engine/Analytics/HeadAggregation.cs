namespace Distributed.Engine.Analytics;

/// <summary>How the weights of the query heads become one matrix, or stay several.</summary>
public enum HeadAggregation
{
    /// <summary>A matrix for each head.</summary>
    Each,

    /// <summary>The mean over the heads.</summary>
    Mean,

    /// <summary>The largest over the heads.</summary>
    Max,
}

/// <summary>One attention matrix <c>[Sq, Skv]</c> of a job: that of a head, or of all heads in one.</summary>
/// <param name="Batch">Batch entry.</param>
/// <param name="Heads">How heads come together.</param>
/// <param name="Head">The query head, where each stays by itself; 0 otherwise.</param>
public readonly record struct AttentionPlane(int Batch, HeadAggregation Heads, int Head = 0)
{
    /// <summary>The matrices of one batch entry.</summary>
    public static IEnumerable<AttentionPlane> Of(int batch, HeadAggregation heads, int queryHeads) =>
        heads == HeadAggregation.Each
            ? Enumerable.Range(0, queryHeads).Select(head => new AttentionPlane(batch, heads, head))
            : [new AttentionPlane(batch, heads)];
}

/// <summary>What is to be worked out from one matrix.</summary>
/// <param name="Plane">The matrix.</param>
/// <param name="Sinks">They take its weights.</param>
public sealed record PlaneSinks(AttentionPlane Plane, IReadOnlyList<IWeightSink> Sinks);
