namespace Distributed.Engine.Tiles;

/// <summary>In what role a peer is asked for a tile.</summary>
public enum TileAsk : byte
{
    /// <summary>As a neighbour: it gives what it holds in memory, or says that it has not got it.</summary>
    Neighbour,

    /// <summary>As the owner: it reads the store if it must.</summary>
    Owner,
}
