namespace Distributed.Engine.Tiles;

/// <summary>Counts where tiles came from. Safe to use from several threads.</summary>
public sealed class TileTraffic
{
    private long _neighbour, _owner, _store, _shared, _failures, _referred, _givenOn;

    /// <summary>Bytes that came from left neighbours, and from others that an owner named.</summary>
    public long NeighbourBytes => Interlocked.Read(ref _neighbour);

    /// <summary>Bytes that came from owners.</summary>
    public long OwnerBytes => Interlocked.Read(ref _owner);

    /// <summary>Bytes copied from the store because no process could give them.</summary>
    public long StoreBytes => Interlocked.Read(ref _store);

    /// <summary>Tiles that were in this process already when a block asked for them.</summary>
    public long SharedTiles => Interlocked.Read(ref _shared);

    /// <summary>Bytes given to others of tiles that were not whole yet.</summary>
    public long BytesGivenOn => Interlocked.Read(ref _givenOn);

    /// <summary>Requests that failed or were not answered in time.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Times that an owner with much to send named another that had the tile.</summary>
    public long Referrals => Interlocked.Read(ref _referred);

    internal void Referred() => Interlocked.Increment(ref _referred);

    internal void Came(TileAsk from, int bytes) => Interlocked.Add(ref from.Role == TileRole.Neighbour ? ref _neighbour : ref _owner, bytes);

    internal void Read(int bytes) => Interlocked.Add(ref _store, bytes);

    internal void Shared() => Interlocked.Increment(ref _shared);

    internal void GaveOn(int bytes) => Interlocked.Add(ref _givenOn, bytes);

    internal void Failed() => Interlocked.Increment(ref _failures);
}
