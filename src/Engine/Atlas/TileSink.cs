using Distributed.Engine.Analytics;

namespace Distributed.Engine.Atlas;

/// <summary>Fills one tile from the weights of its rectangle.</summary>
internal sealed class TileSink(AtlasTile tile, int level, int x, int y) : IWeightSink, ICells
{
    public int RowsTogether => 1 << level;

    public void Take(in WeightTile weights) => CellPooling.Pool(weights, 1 << level, 1 << level, this);

    void ICells.Add(long row, long column, ReadOnlySpan<float> max, ReadOnlySpan<float> sum) => tile.Add(
        (int)(row - (long)y * AtlasGeometry.TileCells) * AtlasGeometry.TileCells + (int)(column - (long)x * AtlasGeometry.TileCells), max, sum);
}
