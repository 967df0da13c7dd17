using Distributed.Engine.Tiles;

namespace Distributed.Grains.Tiles;

/// <summary>An open stream to one peer, with several requests under way.</summary>
public interface ITileConnection
{
    /// <summary>Whether it will carry nothing more.</summary>
    bool Broken { get; }

    /// <summary>Gets a part. Afterwards nothing writes to the destination any more.</summary>
    Task<TileAnswer> FetchAsync(TilePart part, TileAsk ask, Memory<byte> destination, CancellationToken cancellation);

    /// <summary>Ends the stream and all that is under way on it.</summary>
    void Break(IOException why);
}
