namespace Distributed.Engine.Atlas;

/// <summary>
/// The pyramid over an attention matrix: at level n a cell stands for 2^n rows by 2^n keys, and tiles of 256 by 256 cells
/// cover the matrix from its first row and key on. Level 0 has the weights themselves.
/// </summary>
/// <param name="Rows">Query rows.</param>
/// <param name="Keys">Keys.</param>
public readonly record struct AtlasGeometry(long Rows, long Keys)
{
    /// <summary>Cells of a tile, each way.</summary>
    public const int TileCells = 256;

    /// <summary>The first level at which one tile holds the whole matrix.</summary>
    public int TopLevel
    {
        get
        {
            int level = 0;
            while ((Math.Max(Rows, Keys) - 1 >> level) >= TileCells)
                level++;
            return level;
        }
    }

    /// <summary>Rows and keys that a tile covers.</summary>
    public static long TileSpan(int level) => (long)TileCells << level;

    /// <summary>Tiles across (keys) and down (rows).</summary>
    public (int Across, int Down) TilesAt(int level) =>
        ((int)((Keys - 1) / TileSpan(level)) + 1, (int)((Rows - 1) / TileSpan(level)) + 1);

    /// <summary>Whether there is such a tile.</summary>
    public bool Has(int level, int x, int y)
    {
        if (level < 0 || level > TopLevel || x < 0 || y < 0)
            return false;
        (int across, int down) = TilesAt(level);
        return x < across && y < down;
    }

    /// <summary>The rows of a tile, from the first to behind the last.</summary>
    public (long First, long End) RowsOf(int level, int y) => Part(Rows, level, y);

    /// <summary>The keys of a tile, from the first to behind the last.</summary>
    public (long First, long End) KeysOf(int level, int x) => Part(Keys, level, x);

    private static (long First, long End) Part(long all, int level, int index) =>
        (Math.Min(all, index * TileSpan(level)), Math.Min(all, (index + 1) * TileSpan(level)));
}
