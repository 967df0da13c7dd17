using Distributed.Engine.Analytics;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Atlas;

/// <summary>
/// From which level on the overview holds each matrix. What is finer is computed when it is looked at, and the mean or the
/// largest of the heads costs as much as all heads; so memory goes first where computing would take longest.
/// </summary>
internal sealed class OverviewLevels
{
    // A screenful: 1536 × 1024 pixels, at its densest one pixel to a cell.
    private const long ScreenTiles = 6 * 4;

    // What it takes beside the multiply-adds of a score to make a weight of it and put it into its cell, in operations.
    private const int AroundOneWeight = 64;

    private readonly JobWeights _weights;
    private readonly AtlasGeometry _geometry;
    private readonly Dictionary<int, long> _tilesAt = [];

    private OverviewLevels(JobWeights weights) =>
        (_weights, _geometry) = (weights, new AtlasGeometry(weights.Shape.QueryRows, weights.Shape.KeyRows));

    /// <summary>Chooses the levels.</summary>
    /// <param name="weights">The job's weights.</param>
    /// <param name="planes">The matrices.</param>
    /// <param name="options">With how much of the machine.</param>
    /// <returns>The finest level held, by matrix.</returns>
    public static IReadOnlyDictionary<AttentionPlane, int> Choose(
        JobWeights weights, IReadOnlyCollection<AttentionPlane> planes, AtlasOptions options) =>
        new OverviewLevels(weights).Choose(planes, options);

    private Dictionary<AttentionPlane, int> Choose(IReadOnlyCollection<AttentionPlane> planes, AtlasOptions options)
    {
        int top = _geometry.TopLevel;
        Dictionary<HeadAggregation, int> counts = planes.GroupBy(plane => plane.Heads).ToDictionary(group => group.Key, group => group.Count());
        Dictionary<HeadAggregation, int> levels = counts.ToDictionary(group => group.Key, _ => top);
        var dearest = new PriorityQueue<HeadAggregation, double>(counts.Keys.Select(heads => (heads, -ScreenfulOperations(heads, top - 1))));
        long left = options.OverviewBytes - planes.Count * AtlasTile.Bytes;
        while (dearest.TryDequeue(out HeadAggregation heads, out _))
        {
            int finer = levels[heads] - 1;
            if (finer < 0 || (finer < options.FinestOverview && ScreenfulOperations(heads, finer) <= options.DemandOperations))
                continue;
            long affordable = left / (counts[heads] * AtlasTile.Bytes);
            if (TilesAt(finer, affordable) > affordable)
                continue;
            left -= counts[heads] * AtlasTile.Bytes * TilesAt(finer, affordable);
            levels[heads] = finer;
            dearest.Enqueue(heads, -ScreenfulOperations(heads, finer - 1));
        }
        return planes.ToDictionary(plane => plane, plane => levels[plane.Heads]);
    }

    /// <summary>Operations of a screenful of a level, where no mask hides any of it.</summary>
    private double ScreenfulOperations(HeadAggregation heads, int level)
    {
        double screen = ScreenTiles * Math.Pow(AtlasGeometry.TileCells * Math.Pow(2, level), 2);
        return Math.Min(screen, (double)_geometry.Rows * _geometry.Keys)
            * (heads == HeadAggregation.Each ? 1 : _weights.Shape.QueryHeads) * (2.0 * _weights.Shape.KeyDim + AroundOneWeight);
    }

    /// <summary>Tiles of a level that the masks leave; where they are more than enough, any number above it.</summary>
    private long TilesAt(int level, long enough)
    {
        if (_tilesAt.TryGetValue(level, out long known))
            return known;
        (int across, int down) = _geometry.TilesAt(level);
        long seen = 0;
        for (int y = 0; y < down && seen <= enough; y++)
        {
            for (int x = 0; x < across; x++)
            {
                if (Enumerable.Range(0, _weights.Shape.QueryHeads).Any(head => !_weights.Hides(Area(_geometry, head, 0, level, x, y))))
                    seen++;
            }
        }
        if (seen <= enough)
            _tilesAt[level] = seen;
        return seen;
    }

    /// <summary>The rectangle of a tile, of one head.</summary>
    public static MaskTile Area(AtlasGeometry geometry, int head, int batch, int level, int x, int y)
    {
        ((long firstRow, long endRow), (long firstKey, long endKey)) = (geometry.RowsOf(level, y), geometry.KeysOf(level, x));
        return new MaskTile(batch, head, new RowRange(firstRow, (int)(endRow - firstRow)), new RowRange(firstKey, (int)(endKey - firstKey)));
    }
}
