using System.Collections.Concurrent;
using Distributed.Engine.Telemetry;
using Distributed.Kernels.Memory;

namespace Distributed.Engine.Tiles;

/// <summary>
/// Where a block of a cluster pulls from: its process's own tiles from the store, others from the cache, or else from the
/// left neighbour, which also gives parts of a tile that it is still fetching, or else from the owner,
/// or from another that a busy owner names, or else from the store.
/// </summary>
/// <param name="job">The job.</param>
/// <param name="reader">The block that pulls.</param>
/// <param name="attempt">Its attempt.</param>
/// <param name="map">Gives the latest map.</param>
internal sealed class RingTileSource(TileExchange.Job job, int reader, int attempt, Func<RingMap> map) : ITileSource
{
    private readonly TileExchange _exchange = job.Exchange;

    /// <inheritdoc/>
    public async ValueTask<IKeyValueTile> PullAsync(int block, CancellationToken cancellation)
    {
        if (map().OwnedHere(block) || job.Layout.PartsOf(block) == 0)
            return job.Store.Tile(block);
        while (true)
        {
            var arrivals = new TileArrivals(map().Steps(reader, block));
            try
            {
                TileCache.Lease lease = await _exchange.Cache.RentAsync(
                    job.Id, block, job.Layout.BytesOf(block), buffer => FetchAsync(block, buffer, arrivals, cancellation), arrivals)
                    .ConfigureAwait(false);
                if (lease.WasHere)
                    _exchange.Traffic.Shared();
                return new HeldTile(job.Layout, block, lease);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                // The block that fetched it was stopped; this one was not, and fetches it itself.
            }
        }
    }

    private async Task FetchAsync(int block, ITileMemory tile, TileArrivals arrivals, CancellationToken cancellation)
    {
        var missing = new ConcurrentQueue<int>(Enumerable.Range(0, job.Layout.PartsOf(block)));
        RingMap ring = map();
        var route = new Queue<(TilePeer Peer, TileAsk Ask)>(ring.Route(reader, block));
        while (!missing.IsEmpty && route.TryDequeue(out (TilePeer Peer, TileAsk Ask) next))
        {
            (missing, int named) = await FetchFromAsync(next.Peer, next.Ask, block, missing, tile, arrivals, cancellation).ConfigureAwait(false);
            if (named < 0 || next.Ask.Role != TileRole.Owner)
                continue;
            _exchange.Traffic.Referred();
            foreach ((TilePeer Peer, TileAsk Ask) around in ring.RouteAround(named, next.Peer, next.Ask.Steps))
                route.Enqueue(around);
        }
        foreach (int part in missing)
        {
            cancellation.ThrowIfCancellationRequested();
            (long start, int length) = job.Layout.Part(block, part);
            await job.Store.ReadyAsync(block, length, cancellation).ConfigureAwait(false);
            if (!job.TryGather(block, start, tile.Slice(start, length).Span))
                throw new OperationCanceledException($"Job {job.Id} was closed.");
            arrivals.Came(part);
            _exchange.Traffic.Read(length);
            TileMetrics.Read(length);
        }
    }

    /// <summary>Gets what the peer has of the missing parts. After its first failure or refusal it is asked for no more.</summary>
    /// <returns>What is missing still, and a block whose process has it, or −1.</returns>
    private async Task<(ConcurrentQueue<int> Missing, int Named)> FetchFromAsync(
        TilePeer peer, TileAsk ask, int block, ConcurrentQueue<int> missing, ITileMemory tile,
        TileArrivals arrivals, CancellationToken cancellation)
    {
        var refused = new ConcurrentQueue<int>();
        int named = -1;
        async Task InTurn()
        {
            while (refused.IsEmpty && missing.TryDequeue(out int part))
            {
                TileAnswer answer = await TryFetchAsync(peer, ask, new TilePart(job.Id, attempt, block, part), tile, cancellation)
                    .ConfigureAwait(false);
                if (answer.Has)
                {
                    arrivals.Came(part);
                    continue;
                }
                refused.Enqueue(part);
                if (answer.Refers)
                    Volatile.Write(ref named, answer.AskHomeOf);
            }
        }
        int underWay = Math.Min(_exchange.Limits.PartsUnderWay, missing.Count);
        await Task.WhenAll(Enumerable.Range(0, underWay).Select(_ => InTurn()).ToArray()).ConfigureAwait(false);
        foreach (int part in missing)
            refused.Enqueue(part);
        return (refused, Volatile.Read(ref named));
    }

    private async Task<TileAnswer> TryFetchAsync(
        TilePeer peer, TileAsk ask, TilePart part, ITileMemory tile, CancellationToken cancellation)
    {
        (long start, int length) = job.Layout.Part(part.Block, part.Index);
        Memory<byte> destination = tile.Slice(start, length);
        for (int tries = 0; tries < _exchange.Limits.Tries; tries++)
        {
            long asked = TileMetrics.Asks();
            using var late = new CancellationTokenSource(_exchange.Limits.PartTimeout, _exchange.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
            try
            {
                TileAnswer answer = await _exchange.Transport.FetchAsync(peer, part, ask, destination, either.Token).ConfigureAwait(false);
                if (answer.Has)
                {
                    _exchange.Traffic.Came(ask, length);
                    TileMetrics.Came(ask, length, asked);
                }
                return answer;
            }
            catch (Exception error) when (
                error is IOException or TimeoutException
                || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                _exchange.Traffic.Failed();
                TileMetrics.Retried();
            }
            finally
            {
                TileMetrics.Ended();
            }
        }
        return TileAnswer.NotHere;
    }

    private sealed class HeldTile(TileLayout layout, int block, TileCache.Lease lease) : IKeyValueTile
    {
        public int Block => block;

        public TensorRows Keys(int batch, int keyHead, int keySpan) =>
            layout.Rows(lease.Memory.Address, block, batch, keyHead, keySpan, values: false);

        public TensorRows Values(int batch, int keyHead, int keySpan) =>
            layout.Rows(lease.Memory.Address, block, batch, keyHead, keySpan, values: true);

        public void Dispose() => lease.Dispose();
    }
}
