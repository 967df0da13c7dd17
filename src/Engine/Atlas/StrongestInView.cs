using Distributed.Engine.Analytics;
using Distributed.Engine.Compute;

namespace Distributed.Engine.Atlas;

/// <summary>
/// The strongest weights of a rectangle, without looking at all of them: the overview knows the largest weight of every cell,
/// so cells are opened from the strongest on until none that is left can hold a weight among the strongest found.
/// </summary>
internal sealed class StrongestInView(
    JobWeights weights, ReadOnlyMemory<float> logSumExp, OverviewPlane overview, ComputePool pool)
{
    // Up to so many weights are looked at one by one: it takes no longer than to open cells.
    private const long FewWeights = 1 << 22;

    // Cells opened at a time, so that all threads have work.
    private const int CellsAtOnce = 8;

    public async Task<IReadOnlyList<PlacedWeight>> FindAsync(
        AttentionPlane plane, (long First, long End) rows, (long First, long End) keys, int count, CancellationToken cancellation)
    {
        var strongest = new StrongestWeights(count);
        if ((rows.End - rows.First) * (keys.End - keys.First) <= FewWeights)
        {
            await OpenAsync(plane, rows, keys, strongest, cancellation).ConfigureAwait(false);
            return strongest.Ordered;
        }
        var cells = new PriorityQueue<(long Row, long Column), float>(CellsIn(rows, keys).Select(cell => ((cell.Row, cell.Column), -cell.Max)));
        int level = overview.Level;
        while (cells.TryPeek(out _, out float max) && !(strongest.Ordered is { } found && found.Count == count && found[^1].Weight > -max))
        {
            var opened = new List<Task>();
            while (opened.Count < CellsAtOnce && cells.TryDequeue(out (long Row, long Column) cell, out _))
            {
                opened.Add(OpenAsync(
                    plane, Overlap(rows, cell.Row << level, (cell.Row + 1) << level), Overlap(keys, cell.Column << level, (cell.Column + 1) << level),
                    strongest, cancellation));
            }
            await Task.WhenAll(opened).ConfigureAwait(false);
        }
        return strongest.Ordered;
    }

    private Task OpenAsync(
        AttentionPlane plane, (long First, long End) rows, (long First, long End) keys, StrongestWeights strongest, CancellationToken cancellation) =>
        new WeightPass(weights, logSumExp) { Rows = rows, Keys = keys }
            .RunAsync([new PlaneSinks(plane, [strongest])], pool, null, cancellation);

    private IEnumerable<(long Row, long Column, float Max)> CellsIn((long First, long End) rows, (long First, long End) keys)
    {
        const int Cells = AtlasGeometry.TileCells;
        int level = overview.Level;
        long firstRow = rows.First >> level, lastRow = (rows.End - 1) >> level, firstColumn = keys.First >> level, lastColumn = (keys.End - 1) >> level;
        for (long y = firstRow / Cells; y <= lastRow / Cells; y++)
        {
            for (long x = firstColumn / Cells; x <= lastColumn / Cells; x++)
            {
                AtlasTile tile = overview[level, (int)x, (int)y];
                if (ReferenceEquals(tile, AtlasTile.Empty))
                    continue;
                for (long row = Math.Max(firstRow, y * Cells); row <= Math.Min(lastRow, y * Cells + Cells - 1); row++)
                {
                    for (long column = Math.Max(firstColumn, x * Cells); column <= Math.Min(lastColumn, x * Cells + Cells - 1); column++)
                    {
                        float max = tile.Max[(int)(row % Cells) * Cells + (int)(column % Cells)];
                        if (max > 0)
                            yield return (row, column, max);
                    }
                }
            }
        }
    }

    private static (long First, long End) Overlap((long First, long End) of, long first, long end) =>
        (Math.Max(of.First, first), Math.Min(of.End, end));
}
