using Distributed.Engine.Plan;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Ring;

/// <summary>Some rows of one query span.</summary>
/// <param name="QuerySpan">The span.</param>
/// <param name="Rows">The rows, counted from the start of the sequence.</param>
public readonly record struct LaneRows(int QuerySpan, RowRange Rows)
{
    /// <summary>
    /// Cuts a block's query rows into pieces for one compute thread each: several spans together when there are many
    /// rows, so that a packed key span serves them all; parts of a span when there are few, so that every thread has work.
    /// </summary>
    /// <param name="plan">The job's plan.</param>
    /// <param name="block">The block.</param>
    /// <param name="rowsPerPiece">Rows wanted in a piece.</param>
    public static IEnumerable<LaneRows[]> Cut(JobPlan plan, PlannedBlock block, int rowsPerPiece)
    {
        int spansPerPiece = Math.Max(1, rowsPerPiece / plan.QueryGrid.SpanRows);
        int end = block.FirstQuerySpan + block.QuerySpans;
        if (rowsPerPiece >= plan.QueryGrid.SpanRows)
        {
            for (int span = block.FirstQuerySpan; span < end; span += spansPerPiece)
            {
                yield return [.. Enumerable.Range(span, Math.Min(spansPerPiece, end - span))
                    .Select(i => new LaneRows(i, plan.QueryGrid[i]))];
            }
            yield break;
        }
        for (int span = block.FirstQuerySpan; span < end; span++)
        {
            RowRange rows = plan.QueryGrid[span];
            for (int first = 0; first < rows.Count; first += rowsPerPiece)
            {
                yield return
                [
                    new LaneRows(span, new RowRange(rows.Start + first, Math.Min(rowsPerPiece, rows.Count - first))),
                ];
            }
        }
    }
}
