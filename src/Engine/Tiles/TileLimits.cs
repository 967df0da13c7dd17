namespace Distributed.Engine.Tiles;

/// <summary>Time-outs and windows of the tile exchange.</summary>
public sealed record TileLimits
{
    /// <summary>How long a peer may take for one part.</summary>
    /// <value>2 s.</value>
    public TimeSpan PartTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a neighbour that is fetching a part itself lets others wait for it.</summary>
    /// <value>250 ms.</value>
    public TimeSpan NeighbourWait { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>How often a peer is asked for one part before the next one is asked.</summary>
    /// <value>2.</value>
    public int Tries { get; init; } = 2;

    /// <summary>Parts of a tile under way at a time.</summary>
    /// <value>4.</value>
    public int PartsUnderWay { get; init; } = 4;
}
