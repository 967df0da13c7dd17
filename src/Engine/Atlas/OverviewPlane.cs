using System.Numerics.Tensors;
using Distributed.Engine.Analytics;
using Distributed.Engine.Compute;

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

    void ICells.Add(long row, long column, ReadOnlySpan<float> max, ReadOnlySpan<float> sum)
    {
        for (int cell = 0, count; cell < max.Length; cell += count)
        {
            int within = (int)((column + cell) % Cells);
            count = Math.Min(max.Length - cell, Cells - within);
            if (TensorPrimitives.Max(max.Slice(cell, count)) == 0)
                continue;
            ref AtlasTile? slot = ref _tiles[0][row / Cells * _geometry.TilesAt(Level).Across + (column + cell) / Cells];
            AtlasTile? tile = Volatile.Read(ref slot);
            if (tile is null)
            {
                var made = new AtlasTile();
                tile = Interlocked.CompareExchange(ref slot, made, null) ?? made;
            }
            tile.Add((int)(row % Cells) * Cells + within, max.Slice(cell, count), sum.Slice(cell, count));
        }
    }

    /// <summary>Makes means of sums, and the levels above.</summary>
    /// <param name="pool">Where the work runs.</param>
    /// <param name="cancellation">Stops it.</param>
    public async Task FinishAsync(ComputePool pool, CancellationToken cancellation)
    {
        for (int i = 0; i < _tiles.Length; i++)
        {
            int level = Level + i, across = _geometry.TilesAt(level).Across;
            AtlasTile?[] tiles = _tiles[i];
            await pool.RunAllAsync(
                from index in Enumerable.Range(0, tiles.Length)
                where level > Level || tiles[index] is not null
                select (Action<ComputeScratch>)(_ =>
                {
                    if (level > Level)
                        tiles[index] = FromBelow(level, index % across, index / across);
                    else
                        tiles[index]!.Average(_geometry, level, index % across, index / across);
                }), cancellation).ConfigureAwait(false);
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
            for (int row = 0; row < Cells; row += 2)
            {
                int into = (quarter / 2 * (Cells / 2) + row / 2) * Cells + quarter % 2 * (Cells / 2);
                FromRows(level - 1, (belowX, belowY), below, row, made.Max.AsSpan(into, Cells / 2), made.Mean.AsSpan(into, Cells / 2));
            }
        }
        made?.Average(_geometry, level, x, y);
        return made;
    }

    private void FromRows(int level, (int X, int Y) at, AtlasTile below, int row, Span<float> max, Span<float> sum)
    {
        ReadOnlySpan<float> most = below.Max.AsSpan(row * Cells, 2 * Cells), mean = below.Mean.AsSpan(row * Cells, 2 * Cells);
        long first = (long)at.Y * Cells + row, left = (long)at.X * Cells;
        bool whole = AtlasTile.IsWhole(_geometry, level, at.X, at.Y);
        for (int cell = 0; cell < max.Length; cell++)
        {
            int a = 2 * cell, b = a + Cells;
            max[cell] = MathF.Max(MathF.Max(most[a], most[a + 1]), MathF.Max(most[b], most[b + 1]));
            sum[cell] = whole
                ? (mean[a] + mean[a + 1] + (mean[b] + mean[b + 1])) * (1L << 2 * level)
                : mean[a] * Count(first, left + a) + mean[a + 1] * Count(first, left + a + 1)
                    + mean[b] * Count(first + 1, left + a) + mean[b + 1] * Count(first + 1, left + a + 1);
        }

        long Count(long cellRow, long cellColumn) =>
            AtlasTile.Extent(_geometry.Rows, level, cellRow) * AtlasTile.Extent(_geometry.Keys, level, cellColumn);
    }
}
