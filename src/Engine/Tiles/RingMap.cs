namespace Distributed.Engine.Tiles;

/// <summary>Which process each block lives in, as seen from one of them.</summary>
/// <param name="self">Name of this process.</param>
/// <param name="homes">The process of each block; null where it is not known.</param>
public sealed class RingMap(string self, IReadOnlyList<TilePeer?> homes)
{
    /// <summary>A map in which this process is alone.</summary>
    public static RingMap Alone(string self, int blocks) =>
        new(self, [.. Enumerable.Repeat(new TilePeer(self, ""), blocks)]);

    /// <summary>Whether the tile of <paramref name="block"/> is this process's own.</summary>
    public bool OwnedHere(int block) => homes[block]?.Name == self;

    /// <summary>Whom to ask for a tile, in this order; then comes the store.</summary>
    /// <param name="reader">The block that asks.</param>
    /// <param name="block">The block whose tile it is.</param>
    public IEnumerable<(TilePeer Peer, TileAsk Ask)> Route(int reader, int block)
    {
        TilePeer? owner = homes[block];
        if (Neighbour(reader) is { } neighbour && neighbour.Name != owner?.Name)
            yield return (neighbour, new TileAsk(TileRole.Neighbour, Steps(reader, block)));
        if (owner is not null && owner.Name != self)
            yield return (owner, new TileAsk(TileRole.Owner, Steps(reader, block)));
    }

    /// <summary>Whom to ask for a tile after its owner named another: that one, and then the owner again.</summary>
    /// <param name="holder">The block whose process the owner named.</param>
    /// <param name="owner">The owner.</param>
    /// <param name="steps">Blocks from the one that asks leftwards to the one that owns the tile.</param>
    public IEnumerable<(TilePeer Peer, TileAsk Ask)> RouteAround(int holder, TilePeer owner, int steps)
    {
        ArgumentNullException.ThrowIfNull(owner);
        TilePeer? home = holder < homes.Count ? homes[holder] : null;
        if (home is not null && home.Name != self && home.Name != owner.Name)
            yield return (home, new TileAsk(TileRole.Neighbour, steps));
        yield return (owner, new TileAsk(TileRole.OwnerAgain, steps));
    }

    /// <summary>Blocks from the one that asks leftwards to the one that owns the tile.</summary>
    public int Steps(int reader, int block) => (reader - block + homes.Count) % homes.Count;

    /// <summary>The process of the nearest block to the left that does not live here.</summary>
    private TilePeer? Neighbour(int reader)
    {
        for (int step = 1; step < homes.Count; step++)
        {
            TilePeer? home = homes[(reader - step + homes.Count) % homes.Count];
            if (home is not null && home.Name != self)
                return home;
        }
        return null;
    }
}
