namespace Distributed.Engine.Atlas;

/// <summary>
/// Tiles that were computed, the least recently used dropped beyond a limit of bytes. A tile that several ask for at once is
/// computed once.
/// </summary>
/// <param name="limit">Bytes.</param>
/// <param name="atOnce">Tiles computed at a time.</param>
internal sealed class AtlasCache(long limit, int atOnce) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<AtlasAddress, LinkedListNode<(AtlasAddress Address, Task<AtlasTile> Tile)>> _tiles = [];
    private readonly LinkedList<(AtlasAddress Address, Task<AtlasTile> Tile)> _recent = new();
    private readonly SemaphoreSlim _room = new(atOnce);

    /// <summary>Bytes held.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
                return _recent.Count * AtlasTile.Bytes;
        }
    }

    /// <summary>The tile of an address.</summary>
    /// <param name="address">The address.</param>
    /// <param name="compute">Begins to make it, elsewhere.</param>
    /// <param name="cancellation">Stops waiting for it; a tile that has been begun is made to its end, for the next who asks.</param>
    public async Task<AtlasTile> GetAsync(AtlasAddress address, Func<Task<AtlasTile>> compute, CancellationToken cancellation)
    {
        if (Find(address) is { } found)
            return await found.WaitAsync(cancellation).ConfigureAwait(false);
        await _room.WaitAsync(cancellation).ConfigureAwait(false);
        Task<AtlasTile> tile;
        try
        {
            lock (_lock)
                tile = FindLocked(address) ?? Begin(address, compute);
            return await tile.ConfigureAwait(false);
        }
        finally
        {
            _room.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _room.Dispose();

    private Task<AtlasTile>? Find(AtlasAddress address)
    {
        lock (_lock)
            return FindLocked(address);
    }

    private Task<AtlasTile>? FindLocked(AtlasAddress address)
    {
        if (!_tiles.TryGetValue(address, out LinkedListNode<(AtlasAddress, Task<AtlasTile> Tile)>? node) || node.Value.Tile.IsFaulted || node.Value.Tile.IsCanceled)
            return null;
        _recent.Remove(node);
        _recent.AddFirst(node);
        return node.Value.Tile;
    }

    private Task<AtlasTile> Begin(AtlasAddress address, Func<Task<AtlasTile>> compute)
    {
        if (_tiles.Remove(address, out LinkedListNode<(AtlasAddress, Task<AtlasTile>)>? failed))
            _recent.Remove(failed);
        Task<AtlasTile> tile = compute();
        _tiles[address] = _recent.AddFirst((address, tile));
        while (_recent.Count > 1 && _recent.Count * AtlasTile.Bytes > limit)
        {
            _tiles.Remove(_recent.Last!.Value.Address);
            _recent.RemoveLast();
        }
        return tile;
    }
}
