using Distributed.Engine.Mechanisms;
using Distributed.Engine.Plan;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Memory;

namespace Distributed.Engine.Tiles;

/// <summary>
/// Packed key spans shared by all compute threads of a job. A span is packed once and then serves every query span and
/// query head that comes for it while it is held; the least recently used ones make room for new ones.
/// </summary>
/// <param name="kernel">The kernel that packs.</param>
/// <param name="byteLimit">
/// Bytes of packed spans to hold. Spans in use are never dropped, so the threads at work can go over it by one span each.
/// </param>
public sealed unsafe class PackedSpanCache(CpuKernel kernel, long byteLimit) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(int Batch, int Head, int Span), Entry> _entries = [];
    private readonly LinkedList<Entry> _idle = [];
    private long _bytes;

    /// <summary>Spans packed so far.</summary>
    public long Packed { get; private set; }

    /// <summary>
    /// The packed span, from the cache or packed now from the tile. While one thread packs it, others that want it wait.
    /// </summary>
    /// <param name="tile">The tile that has it.</param>
    /// <param name="batch">Batch entry.</param>
    /// <param name="keyHead">Key head.</param>
    /// <param name="keySpan">The key span.</param>
    /// <param name="plan">The job's plan, which says what is done to keys before they are packed.</param>
    /// <returns>A lease; the span stays until it is disposed.</returns>
    public Lease Rent(IKeyValueTile tile, int batch, int keyHead, int keySpan, JobPlan plan)
    {
        Entry entry;
        lock (_lock)
        {
            if (!_entries.TryGetValue((batch, keyHead, keySpan), out entry!))
            {
                entry = new Entry(batch, keyHead, keySpan);
                _entries.Add((batch, keyHead, keySpan), entry);
            }
            if (entry.Users++ == 0 && entry.Node.List is not null)
                _idle.Remove(entry.Node);
        }
        try
        {
            lock (entry)
            {
                if (entry.Buffer is null)
                    Pack(entry, tile, plan);
            }
        }
        catch
        {
            Return(entry);
            throw;
        }
        return new Lease(this, entry);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            foreach (Entry entry in _entries.Values)
                entry.Buffer?.Dispose();
            _entries.Clear();
            _idle.Clear();
        }
    }

    private void Pack(Entry entry, IKeyValueTile tile, JobPlan plan)
    {
        TensorRows keys = tile.Keys(entry.Batch, entry.Head, entry.Span);
        TensorRows values = tile.Values(entry.Batch, entry.Head, entry.Span);
        using NativeBuffer? prepared = plan.Rows.Keys is null ? null : new NativeBuffer((nuint)keys.Count * (nuint)plan.ScoreDim * sizeof(float));
        if (prepared is not null)
            keys = plan.Rows.Keys!.Prepare(keys, entry.Batch, entry.Head, plan.KeyGrid[entry.Span].Start, prepared.Floats);
        SpanPacking packing = SpanPacking.Of(plan, kernel);
        NativeBuffer buffer = Take(packing.Bytes(keys.Count, keys.Dim, values.Dim));
        (entry.Keys, entry.Values) = packing.Pack(keys, values, buffer.Pointer);
        entry.Buffer = buffer;
    }

    private NativeBuffer Take(nuint bytes)
    {
        lock (_lock)
        {
            Packed++;
            while (_bytes + (long)bytes > byteLimit && _idle.First is { } oldest)
            {
                _idle.RemoveFirst();
                Drop(oldest.Value);
            }
            _bytes += (long)bytes;
        }
        return new NativeBuffer(bytes);
    }

    private void Drop(Entry entry)
    {
        _entries.Remove((entry.Batch, entry.Head, entry.Span));
        if (entry.Buffer is { } buffer)
        {
            _bytes -= (long)buffer.Length;
            buffer.Dispose();
        }
    }

    private void Return(Entry entry)
    {
        lock (_lock)
        {
            if (--entry.Users == 0)
                _idle.AddLast(entry.Node);
        }
    }

    /// <summary>A packed span in use.</summary>
    public readonly struct Lease : IDisposable
    {
        private readonly PackedSpanCache _cache;
        private readonly Entry _entry;

        internal Lease(PackedSpanCache cache, Entry entry)
        {
            _cache = cache;
            _entry = entry;
        }

        /// <summary>The keys.</summary>
        public PackedKeys Keys => _entry.Keys;

        /// <summary>The values.</summary>
        public PackedValues Values => _entry.Values;

        /// <inheritdoc/>
        public void Dispose() => _cache.Return(_entry);
    }

    internal sealed class Entry
    {
        public Entry(int batch, int head, int span)
        {
            (Batch, Head, Span) = (batch, head, span);
            Node = new LinkedListNode<Entry>(this);
        }

        public int Batch { get; }
        public int Head { get; }
        public int Span { get; }
        public LinkedListNode<Entry> Node { get; }
        public int Users { get; set; }
        public NativeBuffer? Buffer { get; set; }
        public PackedKeys Keys { get; set; }
        public PackedValues Values { get; set; }
    }
}
