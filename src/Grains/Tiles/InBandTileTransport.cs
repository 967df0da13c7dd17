using Distributed.Engine.Checksums;
using Distributed.Engine.Tiles;
using Distributed.Grains.Hosting;
using Distributed.Grains.Placement;
using Distributed.Grains.Silos;

namespace Distributed.Grains.Tiles;

/// <summary>Gets tiles by grain calls, a part each. It needs no port of its own, but more of the processor.</summary>
/// <param name="grains">The way to grains.</param>
internal sealed class InBandTileTransport(IGrainFactory grains) : ITileTransport
{
    public async ValueTask<TileAnswer> FetchAsync(
        TilePeer peer, TilePart part, TileAsk ask, Memory<byte> destination, CancellationToken cancellation)
    {
        ISiloGrain silo = grains.GetGrain<ISiloGrain>(NamedSilo.Key(peer.Name, "silo"));
        TileBytes? tile;
        try
        {
            tile = await silo.ReadTileAsync(part.Job, part.Attempt, part.Block, part.Index, ask.Role, ask.Steps).WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception error) when (CallFailure.Is(error) && !cancellation.IsCancellationRequested)
        {
            throw new IOException($"Silo {peer.Name} does not answer: {error.Message}", error);
        }
        if (tile is null)
            return TileAnswer.NotHere;
        if (tile.Bytes.Length != destination.Length || Crc32C.Of(tile.Bytes) != tile.Checksum)
            throw new IOException($"{part} came damaged.");
        tile.Bytes.CopyTo(destination);
        return TileAnswer.Gives(tile.Bytes.Length);
    }
}
