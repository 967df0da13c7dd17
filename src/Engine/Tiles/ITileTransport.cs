namespace Distributed.Engine.Tiles;

/// <summary>Carries parts of tiles from other processes.</summary>
public interface ITileTransport
{
    /// <summary>Gets a part from a peer. When the task has ended, nothing writes to the destination any more.</summary>
    /// <param name="peer">The peer.</param>
    /// <param name="part">The part.</param>
    /// <param name="ask">How the peer is asked.</param>
    /// <param name="destination">Takes the part; exactly its length.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>What the peer says; unless it gave the part the destination's content is undefined.</returns>
    /// <exception cref="IOException">The peer cannot be reached, broke off, or what came was damaged.</exception>
    /// <exception cref="TimeoutException">The peer did not answer in time.</exception>
    ValueTask<TileAnswer> FetchAsync(
        TilePeer peer, TilePart part, TileAsk ask, Memory<byte> destination, CancellationToken cancellation);
}
