using Distributed.Engine.Analytics;

namespace Distributed.Engine.Atlas;

/// <summary>
/// The tiles of one matrix from some level up to the top, in memory: those of the finest level filled from weights as they
/// pass, the others made from them. Tiles without any weight above 0 take no memory.
/// </summary>
internal sealed class OverviewPlane : IWeightSink, ICells
{
    private const int Cells = AtlasGeometry.TileCells;

    private readonly AtlasGeometry _geometry;
    private readonly AtlasTile?[][] _tiles;

    public OverviewPlane(AtlasGeometry geometry, int level)
    {
        (_geometry, Level) = (geometry, level);
        _tiles = new AtlasTile?[geometry.TopLevel - level + 1][];
        for (int i = 0; i < _tiles.Length; i++)
        {
            (int across, int down) = geometry.TilesAt(level + i);
            _tiles[i] = new AtlasTile?[checked(across * down)];
        }
    }

    /// <summary>The finest level here.</summary>
    public int Level { get; }

    public int RowsTogether => 1 << Level;

    /// <summary>Bytes that the tiles take.</summary>
    public long Bytes => _tiles.Sum(level => level.Count(tile => tile is not null)) * AtlasTile.Bytes;

    /// <summary>A tile; the level must be here.</summary>
    public AtlasTile this[int level, int x, int y] => _tiles[level - Level][y * _geometry.TilesAt(level).Across + x] ?? AtlasTile.Empty;

    public void Take(in WeightTile tile) => CellPooling.Pool(tile, 1 << Level, 1 << Level, this);

    void ICells.Add(long row, long column, float max, double sum)
    {
        if (max == 0)
            return;
        ref AtlasTile? slot = ref _tiles[0][row / Cells * _geometry.TilesAt(Level).Across + column / Cells];
        AtlasTile? tile = Volatile.Read(ref slot);
        if (tile is null)
        {
            var made = new AtlasTile();
            tile = Interlocked.CompareExchange(ref slot, made, null) ?? made;
        }
        tile.Add((int)(row % Cells) * Cells + (int)(column % Cells), max, sum);
    }

    /// <summary>Makes means of sums, and the levels above.</summary>
    public void Finish()
    {
        for (int i = 0; i < _tiles.Length; i++)
        {
            int level = Level + i;
            (int across, int down) = _geometry.TilesAt(level);
            for (int tile = 0; tile < _tiles[i].Length; tile++)
            {
                (int x, int y) = (tile % across, tile / across);
                if (i > 0)
                    _tiles[i][tile] = FromBelow(level, x, y);
                else
                    _tiles[i][tile]?.Average(_geometry, level, x, y);
            }
        }
    }

    // Each quarter of a tile is one tile of the level below; four of its cells make one.
    private AtlasTile? FromBelow(int level, int x, int y)
    {
        AtlasTile? made = null;
        (int across, int down) = _geometry.TilesAt(level - 1);
        for (int quarter = 0; quarter < 4; quarter++)
        {
            int belowX = 2 * x + quarter % 2, belowY = 2 * y + quarter / 2;
            if (belowX >= across || belowY >= down || _tiles[level - 1 - Level][belowY * across + belowX] is not { } below)
                continue;
            made ??= new AtlasTile();
            for (int cell = 0; cell < Cells * Cells; cell++)
            {
                (int row, int column) = (cell / Cells, cell % Cells);
                long count = AtlasTile.Extent(_geometry.Rows, level - 1, (long)belowY * Cells + row)
                    * AtlasTile.Extent(_geometry.Keys, level - 1, (long)belowX * Cells + column);
                int into = (quarter / 2 * (Cells / 2) + row / 2) * Cells + quarter % 2 * (Cells / 2) + column / 2;
                if (count > 0)
                    made.Add(into, below.Max[cell], below.Mean[cell] * (double)count);
            }
        }
        made?.Average(_geometry, level, x, y);
        return made;
    }
}
