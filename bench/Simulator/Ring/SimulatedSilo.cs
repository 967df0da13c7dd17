using Distributed.Engine.Tiles;
using Distributed.Grains.Tiles;
using Distributed.Simulator.Clock;
using Distributed.Simulator.Model;

namespace Distributed.Simulator.Ring;

/// <summary>One silo: the tile cache, the exchange and the transport of a real one, on a simulated network and processor.</summary>
internal sealed class SimulatedSilo : IDisposable
{
    private readonly CancellationTokenSource _dead = new();
    private readonly TileCache _cache;
    private readonly TcpTileTransport _transport;
    private long _tileBytes;

    public SimulatedSilo(
        int index, SimulatedTime time, ClusterModel model, SimulatedNetwork network, TileLayout layout, TileLimits limits, Guid job)
    {
        (Index, Name) = (index, $"silo {index:0000}");
        Speed speed = model.Speed.Times(model.Factors?[index] ?? 1);
        Processor = new SimulatedProcessor(time, speed);
        Store = new SimulatedStore(time, model.StoreBytesPerSecond);
        _cache = new TileCache(model.TileCacheBytes, bytes => new SimulatedMemory(bytes, Held));
        _transport = new TcpTileTransport((peer, cancellation) => network.ConnectAsync(Name, peer.Name, cancellation), time);
        Exchange = new TileExchange(_cache, _transport, limits, time);
        Tiles = Exchange.Open(job, layout, Store);
        Peer = new TilePeer(Name, "");
        Places = new Credits(model.BlocksAtOnce);
        network.Join(Name, Exchange, Processor);
    }

    public int Index { get; }

    public string Name { get; }

    public TilePeer Peer { get; }

    public SimulatedProcessor Processor { get; }

    public SimulatedStore Store { get; }

    public TileExchange Exchange { get; }

    public TileExchange.Job Tiles { get; }

    /// <summary>Ends with the silo.</summary>
    public CancellationToken Dead => _dead.Token;

    public bool Alive => !_dead.IsCancellationRequested;

    /// <summary>Blocks that it may compute at a time.</summary>
    public Credits Places { get; }

    /// <summary>Tiles of other silos that its blocks have asked for.</summary>
    public HashSet<int> Asked { get; } = [];

    /// <summary>Most bytes of other silos' tiles that it ever held.</summary>
    public long MostTileBytes { get; private set; }

    public void Die() => _dead.Cancel();

    /// <summary>Learns that another silo is dead.</summary>
    public void Bury(SimulatedSilo other) => _transport.Bury(other.Name);

    public void Dispose()
    {
        Tiles.Dispose();
        _cache.Dispose();
        _dead.Dispose();
    }

    private void Held(long bytes)
    {
        _tileBytes += bytes;
        MostTileBytes = Math.Max(MostTileBytes, _tileBytes);
    }
}
