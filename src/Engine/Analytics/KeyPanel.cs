using Distributed.Engine.Compute;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Analytics;

/// <summary>Packed keys of some consecutive spans of one batch entry, of the heads that are wanted, for all threads to read.</summary>
internal sealed unsafe class KeyPanel : IDisposable
{
    private readonly JobWeights _weights;
    private readonly NativeBuffer _memory;
    private readonly PackedKeys[] _packed;
    private readonly nuint _spanBytes;
    private readonly int[] _heads;

    /// <summary>Takes the memory; the keys are packed by <see cref="Packing"/>.</summary>
    public KeyPanel(JobWeights weights, int batch, IEnumerable<int> keyHeads, IReadOnlyList<RowRange> spans)
    {
        (_weights, Batch, Spans, _heads) = (weights, batch, spans, [.. keyHeads]);
        _spanBytes = weights.KeyBytes(spans.Max(span => span.Count));
        _packed = new PackedKeys[_heads.Length * spans.Count];
        _memory = new NativeBuffer(_spanBytes * (nuint)_packed.Length);
    }

    /// <summary>The batch entry.</summary>
    public int Batch { get; }

    /// <summary>The spans here.</summary>
    public IReadOnlyList<RowRange> Spans { get; }

    /// <summary>The packed keys of a key head and a span, counted from the first here.</summary>
    public PackedKeys this[int keyHead, int span] => _packed[Array.IndexOf(_heads, keyHead) * Spans.Count + span];

    /// <summary>The work of packing, in pieces.</summary>
    public IEnumerable<Action<ComputeScratch>> Packing() =>
        Enumerable.Range(0, _packed.Length).Select<int, Action<ComputeScratch>>(index => _ => Pack(index));

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private void Pack(int index) => _packed[index] = _weights.PackKeys(
        Batch, _heads[index / Spans.Count], Spans[index % Spans.Count], _memory.Pointer + (nuint)index * _spanBytes);
}
