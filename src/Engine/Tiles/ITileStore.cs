namespace Distributed.Engine.Tiles;

/// <summary>Where a process finds the tiles of a job's blocks when no other process gives them: the job's input.</summary>
public interface ITileStore
{
    /// <summary>The tile that <paramref name="block"/> owns, where it is stored.</summary>
    IKeyValueTile Tile(int block);

    /// <summary>
    /// Ends when bytes of a tile can be read. A mapped file is always ready; one behind a network is when they have come.
    /// </summary>
    ValueTask ReadyAsync(int block, int bytes, CancellationToken cancellation);

    /// <summary>Copies bytes of a tile as they travel.</summary>
    /// <param name="layout">How they travel.</param>
    /// <param name="block">The block that owns the tile.</param>
    /// <param name="start">First byte, in the layout.</param>
    /// <param name="destination">Takes the bytes.</param>
    void Read(TileLayout layout, int block, long start, Span<byte> destination);
}
