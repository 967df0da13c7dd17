using Distributed.Engine.Jobs;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Mechanisms;

/// <summary>
/// Factorised positional scores: (q + u)·k + (q + w)·r by distance. The products with all r are made once for each query row;
/// on a tile a row then walks through its own table of them.
/// </summary>
internal sealed unsafe class PositionTerms
{
    private readonly RelativeKeys _keys;
    private readonly IReadOnlyList<float[]>? _contentBias;
    private readonly IReadOnlyList<float[]>? _positionBias;
    private readonly float[][] _pinned;

    private PositionTerms(RelativeKeys keys, AttentionTensors tensors)
    {
        _keys = keys;
        _contentBias = tensors.ContentBias;
        _positionBias = tensors.PositionBias;
        _pinned = [.. keys.Heads.Select(head =>
        {
            float[] copy = GC.AllocateUninitializedArray<float>(head.Length, pinned: true);
            head.CopyTo(copy, 0);
            return copy;
        })];
    }

    /// <summary>The farthest distance that has an r of its own.</summary>
    public int Reach => _keys.Reach;

    /// <summary>Numbers from one row's table to the next.</summary>
    public int Stride => (_keys.Distances + 15) / 16 * 16;

    /// <summary>The terms of a job; null = none.</summary>
    public static PositionTerms? Of(AttentionTensors tensors) =>
        tensors.RelativeKeys is { } keys ? new PositionTerms(keys, tensors) : null;

    /// <summary>u of a query head; null = none.</summary>
    public float[]? ContentBias(int queryHead) => _contentBias?[queryHead];

    /// <summary>w of a query head; null = none.</summary>
    public float[]? PositionBias(int queryHead) => _positionBias?[queryHead];

    /// <summary>Rows with a number added to each element.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="added">The numbers; null = none, and the rows are given back.</param>
    /// <param name="room">Room for the rows as F32 numbers.</param>
    public static TensorRows Add(TensorRows rows, float[]? added, float* room)
    {
        if (added is null)
            return rows;
        for (int row = 0; row < rows.Count; row++)
        {
            var to = new Span<float>(room + (nint)row * rows.Dim, rows.Dim);
            TensorReader.Read(rows, row, to);
            System.Numerics.Tensors.TensorPrimitives.Add(to, added, to);
        }
        return TensorRows.Dense(room, rows.Count, rows.Dim);
    }

    /// <summary>Writes the products of query rows with all r, in base 2.</summary>
    public void WriteTables(CpuKernel kernel, TensorRows queries, double scale, int queryHead, float* tables)
    {
        int dim = queries.Dim, most = SpanGrid.MaxSpanRows;
        using var memory = new NativeBuffer(
            NativeBuffer.Aligned(kernel.QueryBytes(queries.Count, dim)) + NativeBuffer.Aligned(kernel.KeyBytes(most, dim)) + kernel.WorkspaceBytes(dim, 1));
        byte* packedKeys = memory.Pointer + NativeBuffer.Aligned(kernel.QueryBytes(queries.Count, dim));
        byte* workspace = packedKeys + NativeBuffer.Aligned(kernel.KeyBytes(most, dim));
        PackedQueries packed = kernel.PackQueries(queries, scale, memory.Pointer);
        float[] of = _pinned[_pinned.Length == 1 ? 0 : queryHead];
        fixed (float* r = of)
        {
            for (int first = 0; first < _keys.Distances; first += most)
            {
                TensorRows part = TensorRows.Dense(r + (nint)first * dim, Math.Min(most, _keys.Distances - first), dim);
                kernel.Scores(packed, kernel.PackKeys(part, packedKeys), null, tables + first, Stride, workspace);
            }
        }
    }
}
