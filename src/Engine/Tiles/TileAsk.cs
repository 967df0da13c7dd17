namespace Distributed.Engine.Tiles;

/// <summary>How a peer is asked for a tile.</summary>
/// <param name="Role">In what role.</param>
/// <param name="Steps">
/// Blocks from the one that asks leftwards to the one that owns the tile. A neighbour that is fetching the tile itself for
/// a block with fewer steps lets the asker wait for what is about to come. As each waits for one that is nearer to the
/// owner, none waits for itself.
/// </param>
public readonly record struct TileAsk(TileRole Role, int Steps)
{
    /// <summary>As the owner.</summary>
    public static TileAsk Owner => new(TileRole.Owner, 0);

    /// <summary>As a neighbour, for what it has now.</summary>
    public static TileAsk Neighbour => new(TileRole.Neighbour, 0);
}

/// <summary>In what role a peer is asked for a tile.</summary>
public enum TileRole : byte
{
    /// <summary>As a neighbour: it gives what it holds in memory, or says that it has not got it.</summary>
    Neighbour,

    /// <summary>As the owner: it reads the store if it must. When it has much to send it may name another that has the tile.</summary>
    Owner,

    /// <summary>As the owner, after it named another that could not give all: now it must give.</summary>
    OwnerAgain,
}
