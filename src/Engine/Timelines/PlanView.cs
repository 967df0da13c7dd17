using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Timelines;

/// <summary>A job's plan, for people.</summary>
/// <param name="QueryRows">Query rows.</param>
/// <param name="KeyRows">Key rows.</param>
/// <param name="Batch">Batch entries.</param>
/// <param name="QueryHeads">Query heads.</param>
/// <param name="KeyHeads">Key heads.</param>
/// <param name="SpanRows">Rows of a span; a tile is a query span by a key span.</param>
/// <param name="Tiles">Tiles that the masks skip, keep in part and keep whole.</param>
/// <param name="Masks">The masks, for people.</param>
/// <param name="Map">
/// The attention matrix of the first head, coarsely: a text for each band of rows from the top, with a sign for each band
/// of keys: <c>.</c> = skipped, <c>/</c> = kept in part, <c>#</c> = whole.
/// </param>
public sealed record PlanView(
    long QueryRows, long KeyRows, int Batch, int QueryHeads, int KeyHeads, int SpanRows, TileCounts Tiles, string Masks,
    IReadOnlyList<string> Map)
{
    private const int MostBands = 48;

    /// <summary>A plan as people see it.</summary>
    public static PlanView Of(JobPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        AttentionShape shape = plan.Shape;
        return new PlanView(
            shape.QueryRows, shape.KeyRows, shape.Batch, shape.QueryHeads, shape.KeyHeads, plan.QueryGrid.SpanRows, plan.Counts,
            plan.Masks.Description, MapOf(plan));
    }

    private static string[] MapOf(JobPlan plan)
    {
        if (plan.QueryGrid.Count == 0 || plan.KeyGrid.Count == 0 || plan.Shape.Batch == 0 || plan.Shape.QueryHeads == 0)
            return [];
        int high = Math.Min(MostBands, plan.QueryGrid.Count), wide = Math.Min(MostBands, plan.KeyGrid.Count);
        return [.. from row in Enumerable.Range(0, high)
            select string.Concat(from column in Enumerable.Range(0, wide)
                select Sign(plan.Masks.Classify(new MaskTile(
                    0, 0, Band(plan.QueryGrid, row, high), Band(plan.KeyGrid, column, wide)))))];
    }

    private static RowRange Band(SpanGrid grid, int band, int bands)
    {
        long first = grid[(int)((long)band * grid.Count / bands)].Start, end = grid[(int)((long)(band + 1) * grid.Count / bands) - 1].End;
        return new RowRange(first, checked((int)(end - first)));
    }

    private static char Sign(TileClass tile) => tile switch
    {
        TileClass.Skip => '.',
        TileClass.Partial => '/',
        _ => '#',
    };
}
