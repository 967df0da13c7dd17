using Distributed.Engine.Plan;

namespace Distributed.Engine.Analytics;

/// <summary>
/// How the second pass of a job is cut, so that several processes can make it: ranges of rows of about equal cost. It hangs on
/// the job alone, so that any coordinator of it cuts it alike.
/// </summary>
public static class AnalyticsParts
{
    // Enough for silos of unlike speed to end together; each part packs all its keys anew, which is little beside so many rows.
    private const int MostParts = 32, LeastRows = 1024;

    /// <summary>The share of the pass in all the work of a job: it makes the scores once more, and no values.</summary>
    public static double ShareOf(in Jobs.AttentionShape shape) => shape.KeyDim / (2.0 * shape.KeyDim + shape.ValueDim);

    /// <summary>The ranges, from the first row to behind the last, and the share of the pass that each is.</summary>
    /// <param name="plan">The job's plan.</param>
    /// <param name="options">What is worked out.</param>
    public static IReadOnlyList<(long First, long End, double Share)> Of(JobPlan plan, AnalyticsOptions options)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(options);
        long rows = plan.Shape.QueryRows;
        long piece = WeightPass.PieceRows(
            options.Pooled is { } cells ? 1L << PooledMatrix.LevelFor(rows, plan.Shape.KeyRows, cells) : 1);
        long count = Math.Clamp(rows / LeastRows, 1, MostParts);
        double[] before = CostsBefore(plan);
        var parts = new List<(long, long, double)>();
        for (long first = 0, end; first < rows; first = end)
        {
            double wanted = (parts.Count + 1.0) / count;
            for (end = Math.Min(first + piece, rows); end < rows && Before(plan, before, end) < wanted;)
                end = Math.Min(end + piece, rows);
            parts.Add((first, end, Before(plan, before, end) - Before(plan, before, first)));
        }
        return parts;
    }

    // The share of the cost before each query span; rows that cost nothing count a little, so that shares grow.
    private static double[] CostsBefore(JobPlan plan)
    {
        var before = new double[plan.SpanCosts.Count + 1];
        for (int span = 0; span < plan.SpanCosts.Count; span++)
            before[span + 1] = before[span] + plan.SpanCosts[span] + 1;
        double all = before[^1];
        return [.. before.Select(cost => cost / all)];
    }

    private static double Before(JobPlan plan, double[] before, long row)
    {
        int span = (int)(row / plan.QueryGrid.SpanRows);
        if (span >= plan.SpanCosts.Count)
            return 1;
        double within = (double)(row - plan.QueryGrid[span].Start) / plan.QueryGrid[span].Count;
        return before[span] + within * (before[span + 1] - before[span]);
    }
}
