using System.Diagnostics.CodeAnalysis;
using Distributed.Engine.Telemetry;

namespace Distributed.Engine.Tiles;

/// <summary>
/// The tiles of other processes that this one holds. A tile is fetched once, however many blocks ask for it, and stays
/// until room is needed; the least recently used one goes first.
/// </summary>
/// <param name="byteLimit">
/// Bytes to hold. Tiles in use are never dropped, so the blocks at work can go over it by two tiles each.
/// </param>
/// <param name="take">Takes memory for so many bytes; null = native memory.</param>
public sealed class TileCache(long byteLimit, Func<long, ITileMemory>? take = null) : IDisposable
{
    private readonly Func<long, ITileMemory> _take = take ?? (bytes => new NativeTileMemory(bytes));
    private readonly Lock _lock = new();
    private readonly Dictionary<(Guid Job, int Block), Entry> _entries = [];
    private readonly LinkedList<Entry> _idle = [];
    private readonly Stack<ITileMemory> _free = [];
    private long _bytes;
    private bool _disposed;

    /// <summary>Bytes held now.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
                return _bytes;
        }
    }

    /// <summary>The tile from the cache, or fetched now. While one block fetches it, others that want it wait.</summary>
    /// <param name="job">The job.</param>
    /// <param name="block">The block that owns the tile.</param>
    /// <param name="bytes">The tile's bytes.</param>
    /// <param name="fetch">Fills the memory; its failure is the failure of all that wait.</param>
    /// <param name="arrivals">Told by the fetch of what has come; null = nobody is given parts before the tile is whole.</param>
    /// <returns>A lease; the tile stays until it is disposed.</returns>
    public async ValueTask<Lease> RentAsync(Guid job, int block, long bytes, Func<ITileMemory, Task> fetch, TileArrivals? arrivals = null)
    {
        ArgumentNullException.ThrowIfNull(fetch);
        if (Enter(job, block, arrivals, out Entry entry) is not { } ready)
        {
            TileMetrics.Requested(wasHere: false);
            await FetchAsync(entry, bytes, fetch).ConfigureAwait(false);
            return new Lease(this, entry, wasHere: false);
        }
        TileMetrics.Requested(wasHere: true);
        try
        {
            await ready.ConfigureAwait(false);
        }
        catch
        {
            Return(entry);
            throw;
        }
        return new Lease(this, entry, wasHere: true);
    }

    /// <summary>A tile of which a part is here, though others may be missing still. Nothing is fetched.</summary>
    public bool TryRentPart(Guid job, int block, int part, [NotNullWhen(true)] out Lease? lease)
    {
        lock (_lock)
        {
            lease = null;
            if (!_entries.TryGetValue((job, block), out Entry? entry) || !(entry.Ready || entry.Arrivals?.Has(part) == true))
                return false;
            Use(entry);
            lease = new Lease(this, entry, wasHere: entry.Ready);
            return true;
        }
    }

    /// <summary>What has come of a tile that is being fetched; null when it is not.</summary>
    public TileArrivals? Arriving(Guid job, int block)
    {
        lock (_lock)
            return _entries.TryGetValue((job, block), out Entry? entry) && !entry.Ready ? entry.Arrivals : null;
    }

    /// <summary>Lets go of a job's tiles. Those in use go when their last lease does.</summary>
    public void Drop(Guid job)
    {
        lock (_lock)
        {
            foreach (Entry entry in _entries.Values.Where(entry => entry.Job == job).ToArray())
                Remove(entry);
            while (_free.TryPop(out ITileMemory? buffer))
                buffer.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            foreach (Entry entry in _entries.Values.ToArray())
                Remove(entry);
            while (_free.TryPop(out ITileMemory? buffer))
                buffer.Dispose();
        }
    }

    /// <returns>Ends when the tile is here; null when it is the caller who must fetch it.</returns>
    private Task? Enter(Guid job, int block, TileArrivals? arrivals, out Entry entry)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_entries.TryGetValue((job, block), out entry!))
            {
                Use(entry);
                return entry.Ready ? Task.CompletedTask : entry.Wait();
            }
            entry = new Entry(job, block) { Users = 1, Arrivals = arrivals };
            _entries.Add((job, block), entry);
            return null;
        }
    }

    private async Task FetchAsync(Entry entry, long bytes, Func<ITileMemory, Task> fetch)
    {
        try
        {
            entry.Memory = Take(bytes);
            await fetch(entry.Memory).ConfigureAwait(false);
        }
        catch (Exception error)
        {
            List<TaskCompletionSource> waiting;
            lock (_lock)
            {
                Remove(entry);
                waiting = entry.TakeWaiting();
            }
            Return(entry);
            entry.Arrivals?.End();
            waiting.ForEach(waiter => waiter.SetException(error));
            throw;
        }
        List<TaskCompletionSource> waited;
        lock (_lock)
        {
            entry.Ready = true;
            waited = entry.TakeWaiting();
        }
        entry.Arrivals?.End();
        waited.ForEach(waiter => waiter.SetResult());
    }

    private ITileMemory Take(long bytes)
    {
        lock (_lock)
        {
            while (_bytes + bytes > byteLimit && _idle.First is { } oldest)
                Remove(oldest.Value);
            _bytes += bytes;
            TileMetrics.Holds(bytes);
            while (_free.TryPop(out ITileMemory? free))
            {
                if (free.Length == bytes)
                    return free;
                free.Dispose();
            }
        }
        return _take(bytes);
    }

    private void Use(Entry entry)
    {
        if (entry.Users++ == 0)
            _idle.Remove(entry.Node);
    }

    private void Remove(Entry entry)
    {
        if (!_entries.Remove((entry.Job, entry.Block)))
            return;
        entry.Gone = true;
        if (entry.Users > 0)
            return;
        _idle.Remove(entry.Node);
        Free(entry);
    }

    private void Return(Entry entry)
    {
        lock (_lock)
        {
            if (--entry.Users > 0)
                return;
            if (entry.Gone)
                Free(entry);
            else
                _idle.AddLast(entry.Node);
        }
    }

    private void Free(Entry entry)
    {
        if (entry.Memory is not { } buffer)
            return;
        entry.Memory = null;
        _bytes -= buffer.Length;
        TileMetrics.Holds(-buffer.Length);
        if (_disposed || _free.Count > 1)
            buffer.Dispose();
        else
            _free.Push(buffer);
    }

    /// <summary>A tile in use.</summary>
    public sealed class Lease : IDisposable
    {
        private readonly TileCache _cache;
        private Entry? _entry;

        internal Lease(TileCache cache, Entry entry, bool wasHere)
        {
            _cache = cache;
            _entry = entry;
            Memory = entry.Memory!;
            WasHere = wasHere;
        }

        /// <summary>The tile's bytes, as <see cref="TileLayout"/> says.</summary>
        public ITileMemory Memory { get; }

        /// <summary>Whether the tile was here when it was asked for.</summary>
        public bool WasHere { get; }

        /// <inheritdoc/>
        public void Dispose()
        {
            if (Interlocked.Exchange(ref _entry, null) is { } entry)
                _cache.Return(entry);
        }
    }

    internal sealed class Entry
    {
        private List<TaskCompletionSource> _waiting = [];

        public Entry(Guid job, int block)
        {
            (Job, Block) = (job, block);
            Node = new LinkedListNode<Entry>(this);
        }

        public Guid Job { get; }
        public int Block { get; }
        public LinkedListNode<Entry> Node { get; }
        public TileArrivals? Arrivals { get; init; }
        public bool Ready { get; set; }
        public int Users { get; set; }
        public bool Gone { get; set; }
        public ITileMemory? Memory { get; set; }

        /// <summary>A task for each that waits: what one of them does next does not keep the others waiting.</summary>
        public Task Wait()
        {
            var waiter = new TaskCompletionSource();
            _waiting.Add(waiter);
            return waiter.Task;
        }

        public List<TaskCompletionSource> TakeWaiting()
        {
            List<TaskCompletionSource> waiting = _waiting;
            _waiting = [];
            return waiting;
        }
    }
}
