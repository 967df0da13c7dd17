using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Analytics;

/// <summary>Packed keys of some consecutive spans, of all heads, for all threads to read.</summary>
internal sealed unsafe class KeyPanel : IDisposable
{
    private readonly CpuKernel _kernel;
    private readonly HeadTensor _keys;
    private readonly NativeBuffer _memory;
    private readonly PackedKeys[] _packed;
    private readonly nuint _spanBytes;

    /// <summary>Takes the memory; the keys are packed by <see cref="Packing"/>.</summary>
    public KeyPanel(CpuKernel kernel, HeadTensor keys, SpanGrid grid, int firstSpan, int spans)
    {
        (_kernel, _keys, Grid, FirstSpan, Spans) = (kernel, keys, grid, firstSpan, spans);
        _spanBytes = SpanBytes(kernel, keys);
        _packed = new PackedKeys[keys.Heads * spans];
        _memory = new NativeBuffer(_spanBytes * (nuint)_packed.Length);
    }

    /// <summary>The spans of all keys.</summary>
    public SpanGrid Grid { get; }

    /// <summary>The first span here.</summary>
    public int FirstSpan { get; }

    /// <summary>Spans here.</summary>
    public int Spans { get; }

    /// <summary>The packed keys of a key head and a span of the whole grid.</summary>
    public PackedKeys this[int head, int span] => _packed[head * Spans + span - FirstSpan];

    /// <summary>Bytes that the packed keys of one span of one head take.</summary>
    public static nuint SpanBytes(CpuKernel kernel, HeadTensor keys) =>
        (kernel.KeyBytes(SpanGrid.MaxSpanRows, keys.Dim) + NativeBuffer.Alignment - 1)
        & ~(nuint)(NativeBuffer.Alignment - 1);

    /// <summary>The work of packing, in pieces.</summary>
    public IEnumerable<Action<ComputeScratch>> Packing() =>
        Enumerable.Range(0, _packed.Length).Select<int, Action<ComputeScratch>>(index => _ => Pack(index));

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private void Pack(int index)
    {
        Kernels.Memory.TensorRows rows = _keys.Slice(0, index / Spans, Grid[FirstSpan + index % Spans]);
        _packed[index] = _kernel.PackKeys(rows, _memory.Pointer + (nuint)index * _spanBytes);
    }
}
