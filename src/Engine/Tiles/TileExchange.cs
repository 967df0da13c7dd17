using System.Collections.Concurrent;

namespace Distributed.Engine.Tiles;

/// <summary>A process's side of the tile exchange: the tiles it holds, those of its jobs' stores, and the way to others.</summary>
/// <param name="cache">Tiles of other processes.</param>
/// <param name="transport">The way to other processes.</param>
/// <param name="limits">Time-outs and windows.</param>
/// <param name="time">The clock.</param>
public sealed class TileExchange(
    TileCache cache, ITileTransport transport, TileLimits limits, TimeProvider time) : ITileShelf
{
    private readonly ConcurrentDictionary<Guid, Job> _jobs = [];

    internal TileCache Cache => cache;

    internal ITileTransport Transport => transport;

    internal TileLimits Limits => limits;

    internal TimeProvider Time => time;

    /// <summary>Counts for all jobs.</summary>
    public TileTraffic Traffic { get; } = new();

    /// <summary>Begins to give out a job's tiles, until the result is disposed.</summary>
    /// <param name="job">The job.</param>
    /// <param name="layout">How its tiles travel.</param>
    /// <param name="store">Its input.</param>
    public Job Open(Guid job, TileLayout layout, ITileStore store)
    {
        var opened = new Job(this, job, layout, store);
        return _jobs.TryAdd(job, opened)
            ? opened
            : throw new InvalidOperationException($"The tiles of job {job} are being given out already.");
    }

    /// <inheritdoc/>
    public async Task ComesAsync(TilePart part, TileAsk ask)
    {
        if (ask.Role != TileRole.Neighbour
            || cache.Arriving(part.Job, part.Block) is not { } arriving || arriving.Steps >= ask.Steps
            || arriving.Await(part.Index) is not { } waiter)
            return;
        using ITimer late = time.CreateTimer(_ => waiter.TrySetResult(), null, limits.NeighbourWait, Timeout.InfiniteTimeSpan);
        await waiter.Task.ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public TileAnswer TryRead(TilePart part, TileAsk ask, bool busy, Span<byte> destination)
    {
        if (!_jobs.TryGetValue(part.Job, out Job? job) || !job.Has(part))
            return TileAnswer.NotHere;
        if (ask.Role == TileRole.Owner && busy && job.GotLately(part, ask) is { } reader)
            return TileAnswer.RefersTo(reader);
        TileAnswer answer = Read(job, part, ask, destination);
        if (answer.Has && ask.Role != TileRole.Neighbour)
            job.Gave(part, ask);
        return answer;
    }

    private TileAnswer Read(Job job, TilePart part, TileAsk ask, Span<byte> destination)
    {
        (long start, int length) = job.Layout.Part(part.Block, part.Index);
        if (cache.TryRentPart(part.Job, part.Block, part.Index, out TileCache.Lease? lease))
        {
            if (!lease.WasHere)
                Traffic.GaveOn(length);
            using (lease)
                lease.Memory.CopyTo(start, destination[..length]);
            return TileAnswer.Gives(length);
        }
        return ask.Role != TileRole.Neighbour && job.TryGather(part.Block, start, destination[..length])
            ? TileAnswer.Gives(length) : TileAnswer.NotHere;
    }

    /// <summary>A job whose tiles this process uses and gives out.</summary>
    public sealed class Job : IDisposable
    {
        private readonly ReaderWriterLockSlim _closing = new();
        private readonly ITileStore _store;

        // Who got the last part of each of this process's tiles, and so has most likely all of it.
        private readonly ConcurrentDictionary<int, int> _got = [];
        private bool _closed;

        internal Job(TileExchange exchange, Guid id, TileLayout layout, ITileStore store)
        {
            (Exchange, Id, Layout, _store) = (exchange, id, layout, store);
        }

        /// <summary>The job.</summary>
        public Guid Id { get; }

        /// <summary>How its tiles travel.</summary>
        public TileLayout Layout { get; }

        internal TileExchange Exchange { get; }

        internal ITileStore Store => _store;

        /// <summary>Where a block of this process pulls from.</summary>
        /// <param name="block">The block.</param>
        /// <param name="attempt">Its attempt.</param>
        /// <param name="map">Gives the latest map.</param>
        public ITileSource SourceFor(int block, int attempt, Func<RingMap> map) =>
            new RingTileSource(this, block, attempt, map);

        /// <summary>Stops giving out. When it returns, nobody reads the store through this any more.</summary>
        public void Dispose()
        {
            Exchange._jobs.TryRemove(Id, out _);
            _closing.EnterWriteLock();
            _closed = true;
            _closing.ExitWriteLock();
            Exchange.Cache.Drop(Id);
        }

        /// <summary>The block that got this tile last, unless it is the one that asks.</summary>
        internal int? GotLately(TilePart part, TileAsk ask) =>
            _got.TryGetValue(part.Block, out int reader) && reader != Reader(part, ask) ? reader : null;

        internal void Gave(TilePart part, TileAsk ask)
        {
            if (part.Index == Layout.PartsOf(part.Block) - 1)
                _got[part.Block] = Reader(part, ask);
        }

        private int Reader(TilePart part, TileAsk ask) => (int)(((long)part.Block + ask.Steps) % Layout.Plan.Blocks.Count);

        internal bool Has(TilePart part) =>
            part.Block >= 0 && part.Block < Layout.Plan.Blocks.Count
            && part.Index >= 0 && part.Index < Layout.PartsOf(part.Block);

        /// <summary>Copies from the store, unless the job was closed meanwhile.</summary>
        internal bool TryGather(int block, long start, Span<byte> destination)
        {
            _closing.EnterReadLock();
            try
            {
                if (_closed)
                    return false;
                _store.Read(Layout, block, start, destination);
                return true;
            }
            finally
            {
                _closing.ExitReadLock();
            }
        }
    }
}
