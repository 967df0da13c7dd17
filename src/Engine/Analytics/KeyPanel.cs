using Distributed.Engine.Compute;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Analytics;

/// <summary>Packed keys of some consecutive spans of one batch entry, of all heads, for all threads to read.</summary>
internal sealed unsafe class KeyPanel : IDisposable
{
    private readonly JobWeights _weights;
    private readonly NativeBuffer _memory;
    private readonly PackedKeys[] _packed;
    private readonly nuint _spanBytes;

    /// <summary>Takes the memory; the keys are packed by <see cref="Packing"/>.</summary>
    public KeyPanel(JobWeights weights, int batch, SpanGrid grid, int firstSpan, int spans)
    {
        (_weights, Batch, Grid, FirstSpan, Spans) = (weights, batch, grid, firstSpan, spans);
        _spanBytes = weights.KeyBytes(SpanGrid.MaxSpanRows);
        _packed = new PackedKeys[weights.Shape.KeyHeads * spans];
        _memory = new NativeBuffer(_spanBytes * (nuint)_packed.Length);
    }

    /// <summary>The batch entry.</summary>
    public int Batch { get; }

    /// <summary>The spans of all keys.</summary>
    public SpanGrid Grid { get; }

    /// <summary>The first span here.</summary>
    public int FirstSpan { get; }

    /// <summary>Spans here.</summary>
    public int Spans { get; }

    /// <summary>The packed keys of a key head and a span of the whole grid.</summary>
    public PackedKeys this[int head, int span] => _packed[head * Spans + span - FirstSpan];

    /// <summary>The work of packing, in pieces.</summary>
    public IEnumerable<Action<ComputeScratch>> Packing() =>
        Enumerable.Range(0, _packed.Length).Select<int, Action<ComputeScratch>>(index => _ => Pack(index));

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private void Pack(int index) => _packed[index] = _weights.PackKeys(
        Batch, index / Spans, Grid[FirstSpan + index % Spans], _memory.Pointer + (nuint)index * _spanBytes);
}
