using Distributed.Engine.Files;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;

namespace Distributed.Engine.Jobs;

/// <summary>A number for each key: <c>[B, Hkv, Skv]</c>, where it lies. The memory is the caller's and must outlive the job.</summary>
/// <param name="Start">Address of the first number.</param>
/// <param name="Type">Element type.</param>
/// <param name="Extents">Its extents.</param>
public sealed record KeyRates(nint Start, ElementType Type, IReadOnlyList<long> Extents)
{
    /// <summary>Reads the numbers of some keys of a head.</summary>
    internal void Read(int batch, int keyHead, Kernels.Spans.RowRange keys, Span<float> to)
    {
        long at = ((long)batch * Extents[1] + keyHead) * Extents[2] + keys.Start;
        TensorReader.Read(new TensorRows(checked((nint)(Start + at * Type.SizeInBytes())), Type, 0, 1, keys.Count), 0, to);
    }

    internal void ValidateFor(in AttentionShape shape)
    {
        long[] expected = [shape.Batch, shape.KeyHeads, shape.KeyRows];
        if (!Extents.SequenceEqual(expected))
            throw new InputException($"Tensor 'beta' has shape {TensorShape.Text([.. Extents])}; [B, Hkv, Skv] = {TensorShape.Text(expected)} is expected.");
    }
}
