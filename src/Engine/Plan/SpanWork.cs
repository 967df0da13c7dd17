using Distributed.Engine.Jobs;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Plan;

/// <summary>
/// Counts the work that masks leave in rectangles of the span grids. Where every mask can tell about large rectangles, it
/// asks about many spans at once and looks closer only where the answer is mixed: the time grows with the edges of the
/// masks and not with the square of the sequence.
/// </summary>
internal sealed class SpanWork
{
    private readonly MaskSet _masks;
    private readonly SpanGrid _queryGrid;
    private readonly SpanGrid _keyGrid;
    private readonly int _heads;
    private readonly bool _manySpans;

    public SpanWork(in AttentionShape shape, SpanGrid queryGrid, SpanGrid keyGrid, MaskSet masks)
    {
        (_masks, _queryGrid, _keyGrid) = (masks, queryGrid, keyGrid);
        _heads = masks.VariesByHead ? shape.QueryHeads : 1;
        Matrices = checked(_heads * (masks.VariesByBatch ? shape.Batch : 1));
        _manySpans = masks.Masks.All(mask => mask.ClassifiesAnySize);
    }

    /// <summary>Told of a rectangle of spans that the masks skip, keep in part or keep whole.</summary>
    public delegate void Seen(TileClass what, in SpanRectangle where);

    /// <summary>The attention matrices that the masks tell apart (<see cref="TileCounts.Matrices"/>).</summary>
    public int Matrices { get; }

    /// <summary>
    /// Cuts a rectangle of every matrix into such that are skipped, whole, or partial. Those that are partial have one
    /// span on each side.
    /// </summary>
    public void Visit(in SpanRectangle rectangle, Seen seen)
    {
        for (int matrix = 0; matrix < Matrices; matrix++)
            Visit(matrix, rectangle, seen);
    }

    /// <summary>Rows and keys of a rectangle, as pairs.</summary>
    public double Area(in SpanRectangle of) => (double)Rows(_queryGrid, of.FirstQuery, of.Queries) * Rows(_keyGrid, of.FirstKey, of.Keys);

    private void Visit(int matrix, in SpanRectangle at, Seen seen)
    {
        if (at.Queries == 0 || at.Keys == 0)
            return;
        bool single = at is { Queries: 1, Keys: 1 };
        TileClass what = single ? _masks.Classify(Tile(matrix, at)) : Together(matrix, at);
        if (single || what != TileClass.Partial)
        {
            seen(what, at);
            return;
        }
        if (at.Queries >= at.Keys)
        {
            int half = at.Queries / 2;
            Visit(matrix, at with { Queries = half }, seen);
            Visit(matrix, at with { FirstQuery = at.FirstQuery + half, Queries = at.Queries - half }, seen);
            return;
        }
        int left = at.Keys / 2;
        Visit(matrix, at with { Keys = left }, seen);
        Visit(matrix, at with { FirstKey = at.FirstKey + left, Keys = at.Keys - left }, seen);
    }

    /// <summary>What can be said of many spans at once; partial when they must be looked at one by one.</summary>
    private TileClass Together(int matrix, in SpanRectangle at)
    {
        if (!_manySpans || Rows(_queryGrid, at.FirstQuery, at.Queries) > int.MaxValue || Rows(_keyGrid, at.FirstKey, at.Keys) > int.MaxValue)
            return TileClass.Partial;
        MaskTile tile = Tile(matrix, at);
        TileClass all = TileClass.Full;
        foreach (IAttentionMask mask in _masks.Masks)
        {
            switch (mask.Classify(tile))
            {
                case TileClass.Skip:
                    return TileClass.Skip;
                case TileClass.Partial:
                    all = TileClass.Partial;
                    break;
                default:
                    break;
            }
        }
        return all;
    }

    private MaskTile Tile(int matrix, in SpanRectangle at) => new(
        matrix / _heads, matrix % _heads,
        new RowRange(_queryGrid[at.FirstQuery].Start, (int)Rows(_queryGrid, at.FirstQuery, at.Queries)),
        new RowRange(_keyGrid[at.FirstKey].Start, (int)Rows(_keyGrid, at.FirstKey, at.Keys)));

    private static long Rows(SpanGrid grid, int first, int count) => grid[first + count - 1].End - grid[first].Start;
}

/// <summary>Consecutive query spans and consecutive key spans.</summary>
/// <param name="FirstQuery">First query span.</param>
/// <param name="Queries">Query spans.</param>
/// <param name="FirstKey">First key span.</param>
/// <param name="Keys">Key spans.</param>
public readonly record struct SpanRectangle(int FirstQuery, int Queries, int FirstKey, int Keys);
