namespace Distributed.Engine.Tiles;

/// <summary>Where a block worker pulls the next tile from.</summary>
public interface ITileSource
{
    /// <summary>Gets the tile that <paramref name="block"/> owns. Asking again for the same tile is allowed.</summary>
    ValueTask<IKeyValueTile> PullAsync(int block, CancellationToken cancellation);
}
