namespace Distributed.Engine.Analytics;

/// <summary>Query heads of one batch entry that are walked together, and who takes their weights.</summary>
/// <param name="Heads">The query heads, ascending.</param>
/// <param name="ByHead">Who takes the weights of each of them by itself.</param>
/// <param name="Mean">Who takes their mean; only in a set of all heads.</param>
/// <param name="Max">Who takes the largest of them; only in a set of all heads.</param>
internal sealed record HeadSet(int[] Heads, IWeightSink[][] ByHead, IWeightSink[] Mean, IWeightSink[] Max)
{
    /// <summary>
    /// The sets of one batch entry: all heads where somebody wants them in one, otherwise those that share a key head, so that
    /// its keys stay near.
    /// </summary>
    /// <param name="planes">What is wanted of the entry.</param>
    /// <param name="queryHeads">Query heads.</param>
    /// <param name="group">Query heads to a key head.</param>
    public static IReadOnlyList<HeadSet> Of(IEnumerable<PlaneSinks> planes, int queryHeads, int group)
    {
        PlaneSinks[] all = [.. planes];
        IWeightSink[] mean = Sinks(HeadAggregation.Mean, 0), max = Sinks(HeadAggregation.Max, 0);
        int[] heads = [.. Enumerable.Range(0, queryHeads)];
        if (mean.Length + max.Length > 0)
            return [new HeadSet(heads, [.. heads.Select(head => Sinks(HeadAggregation.Each, head))], mean, max)];
        return [.. heads
            .Where(head => Sinks(HeadAggregation.Each, head).Length > 0)
            .GroupBy(head => head / group)
            .Select(shared => new HeadSet([.. shared], [.. shared.Select(head => Sinks(HeadAggregation.Each, head))], [], []))];

        IWeightSink[] Sinks(HeadAggregation how, int head) =>
            [.. all.Where(of => of.Plane.Heads == how && of.Plane.Head == head).SelectMany(of => of.Sinks)];
    }
}
