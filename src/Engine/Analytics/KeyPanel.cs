using Distributed.Engine.Compute;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Analytics;

/// <summary>Packed keys of some consecutive tiles of one batch entry, of the heads that are wanted, for all threads to read.</summary>
internal sealed unsafe class KeyPanel : IDisposable
{
    private readonly JobWeights _weights;
    private readonly NativeBuffer _memory;
    private readonly PackedKeys[] _packed;
    private readonly nuint _partBytes;
    private readonly int[] _heads;

    /// <summary>Takes the memory; the keys are packed by <see cref="Packing"/>.</summary>
    public KeyPanel(JobWeights weights, int batch, IEnumerable<int> keyHeads, IReadOnlyList<RowRange> parts)
    {
        (_weights, Batch, Parts, _heads) = (weights, batch, parts, [.. keyHeads]);
        _partBytes = weights.KeyBytes(parts.Max(part => part.Count));
        _packed = new PackedKeys[_heads.Length * parts.Count];
        _memory = new NativeBuffer(_partBytes * (nuint)_packed.Length);
    }

    /// <summary>The batch entry.</summary>
    public int Batch { get; }

    /// <summary>The keys of each tile.</summary>
    public IReadOnlyList<RowRange> Parts { get; }

    /// <summary>The packed keys of a key head and a tile, counted from the first here.</summary>
    public PackedKeys this[int keyHead, int part] => _packed[Array.IndexOf(_heads, keyHead) * Parts.Count + part];

    /// <summary>The work of packing, in pieces.</summary>
    public IEnumerable<Action<ComputeScratch>> Packing() =>
        Enumerable.Range(0, _packed.Length).Select<int, Action<ComputeScratch>>(index => _ => Pack(index));

    /// <inheritdoc/>
    public void Dispose() => _memory.Dispose();

    private void Pack(int index) => _packed[index] = _weights.PackKeys(
        Batch, _heads[index / Parts.Count], Parts[index % Parts.Count], _memory.Pointer + (nuint)index * _partBytes);
}
