using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Analytics;

/// <summary>LSE of rows whose job did not keep it, worked out anew from all their keys to the same bits.</summary>
public static class RowLogSumExp
{
    /// <summary>Works it out for some rows of every head.</summary>
    /// <param name="weights">The job's weights.</param>
    /// <param name="rows">The rows, from the first to behind the last.</param>
    /// <param name="compute">Where the work runs.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <returns>LSE <c>[B, Hq, Sq]</c>, natural log; 0 for other rows.</returns>
    public static async Task<float[]> ComputeAsync(
        JobWeights weights, (long First, long End) rows, ICompute compute, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(compute);
        AttentionShape shape = weights.Shape;
        var lse = new float[checked((long)shape.Batch * shape.QueryHeads * shape.QueryRows)];
        SpanGrid grid = weights.Plan.QueryGrid;
        await compute.RunAllAsync(
            from plane in Enumerable.Range(0, shape.Batch * shape.QueryHeads)
            from span in Enumerable.Range(0, grid.Count)
            where grid[span].Start < rows.End && grid[span].End > rows.First
            select (Action<ComputeScratch>)(scratch =>
            {
                cancellation.ThrowIfCancellationRequested();
                long first = Math.Max(grid[span].Start, rows.First), end = Math.Min(grid[span].End, rows.End);
                weights.LogSumExp(
                    plane / shape.QueryHeads, plane % shape.QueryHeads, new RowRange(first, (int)(end - first)),
                    lse.AsSpan(checked((int)(plane * shape.QueryRows + first)), (int)(end - first)), scratch);
            }), cancellation).ConfigureAwait(false);
        return lse;
    }
}
