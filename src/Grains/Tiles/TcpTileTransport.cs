using System.Collections.Concurrent;
using System.Net;
using Distributed.Engine.Tiles;
using Distributed.Grains.Hosting;

namespace Distributed.Grains.Tiles;

/// <summary>
/// Gets tiles over one TCP stream per peer, straight into the memory they stay in. A broken stream is built anew by the
/// next request; a peer that does not answer is left alone for a moment, so that a frozen one does not hold up every tile;
/// a dead one is not asked again.
/// </summary>
/// <param name="connect">Opens a stream to a peer.</param>
/// <param name="time">The clock.</param>
public sealed class TcpTileTransport(Func<TilePeer, CancellationToken, Task<ITileConnection>> connect, TimeProvider time)
    : ITileTransport, IAsyncDisposable
{
    /// <summary>Two tiles for each of two blocks: some wait at the peer for what it is fetching, and must not keep others waiting.</summary>
    private const int UnderWayPerPeer = 16;
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, Peer> _peers = [];
    private readonly ConcurrentDictionary<string, bool> _dead = [];

    /// <summary>Over TCP.</summary>
    /// <param name="secret">The cluster's secret.</param>
    /// <param name="tls">How streams are encrypted; null = not.</param>
    public TcpTileTransport(byte[] secret, SiloTls? tls = null)
        : this(
            async (peer, cancellation) => await TcpTileStream.ConnectAsync(IPEndPoint.Parse(peer.Endpoint), secret, tls, cancellation).ConfigureAwait(false),
            TimeProvider.System)
    {
    }

    /// <inheritdoc/>
    public async ValueTask<TileAnswer> FetchAsync(
        TilePeer peer, TilePart part, TileAsk ask, Memory<byte> destination, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(peer);
        Peer of = _peers.GetOrAdd(peer.Name, _ => new Peer());
        if (_dead.ContainsKey(peer.Name))
            throw new IOException($"Silo {peer.Name} is dead.");
        if (time.GetTimestamp() < of.RestUntil)
            throw new IOException($"Silo {peer.Name} does not answer; it is asked again in a moment.");
        await of.Credits.TakeAsync(cancellation).ConfigureAwait(false);
        try
        {
            ITileConnection stream = await of.StreamAsync(() => connect(peer, cancellation), cancellation).ConfigureAwait(false);
            return await stream.FetchAsync(part, ask, destination, cancellation).ConfigureAwait(false);
        }
        catch (Exception error) when (error is OperationCanceledException or IOException)
        {
            of.RestUntil = time.GetTimestamp() + (long)(Rest.TotalSeconds * time.TimestampFrequency);
            throw;
        }
        finally
        {
            of.Credits.Give();
        }
    }

    /// <summary>Ends what is under way from a silo that membership has declared dead, and asks it no more.</summary>
    public void Bury(string name)
    {
        _dead[name] = true;
        if (_peers.TryGetValue(name, out Peer? peer))
            peer.Break(new IOException($"Silo {name} is dead."));
    }

    /// <summary>Breaks the streams to a silo, as a cut network does; the next request builds a new one.</summary>
    public void Break(string name)
    {
        if (_peers.TryGetValue(name, out Peer? peer))
            peer.Break(new IOException($"The stream to silo {name} was cut."));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        foreach (Peer peer in _peers.Values)
            peer.Break(new IOException("This silo is stopping."));
        return ValueTask.CompletedTask;
    }

    private sealed class Peer
    {
        private readonly Credits _connecting = new(1);
        private ITileConnection? _stream;

        public Credits Credits { get; } = new(UnderWayPerPeer);

        public long RestUntil { get; set; }

        public async Task<ITileConnection> StreamAsync(Func<Task<ITileConnection>> connect, CancellationToken cancellation)
        {
            if (Volatile.Read(ref _stream) is { Broken: false } open)
                return open;
            await _connecting.TakeAsync(cancellation).ConfigureAwait(false);
            try
            {
                if (_stream is not { Broken: false })
                    _stream = await connect().ConfigureAwait(false);
                return _stream;
            }
            finally
            {
                _connecting.Give();
            }
        }

        public void Break(IOException why) => Volatile.Read(ref _stream)?.Break(why);
    }
}
