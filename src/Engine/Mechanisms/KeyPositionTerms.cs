using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Scores;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Mechanisms;

/// <summary>
/// Position-to-content scores: k·t by distance (He et al., "DeBERTa: Decoding-enhanced BERT with Disentangled Attention", 2021,
/// equation 4, third term). The products of a tile's keys with the t of the distances that the tile has are made before it is
/// folded: of all of them near the diagonal, and beyond the farthest distance of one alone.
/// </summary>
internal sealed unsafe class KeyPositionTerms
{
    private readonly RelativeKeys _queries;
    private readonly float[][] _pinned;
    private readonly double _scale;

    private KeyPositionTerms(RelativeKeys queries, double scale)
    {
        (_queries, _scale) = (queries, scale);
        _pinned = [.. queries.Heads.Select(Pinned)];
    }

    /// <summary>The farthest distance that has a t of its own.</summary>
    public int Reach => _queries.Reach;

    /// <summary>The terms of a job; null = none.</summary>
    public static KeyPositionTerms? Of(AttentionTensors tensors, double scale) =>
        tensors.RelativeQueries is { } queries ? new KeyPositionTerms(queries, scale) : null;

    /// <summary>About how many bytes a compute thread keeps for a tile.</summary>
    public static double BytesOf(RelativeKeys queries, int spanRows) =>
        (double)Math.Min(queries.Distances, 2 * spanRows) * Stride(spanRows) * sizeof(float);

    /// <summary>Adds the terms to what is done to the scores of a tile.</summary>
    /// <param name="stage">All else; its distances are there.</param>
    /// <param name="tile">The tile.</param>
    /// <param name="kernel">The kernel that makes products.</param>
    /// <param name="keys">The tile's keys.</param>
    /// <param name="scratch">Memory of this thread; the products stay there until the next tile.</param>
    public ScoreStage On(in ScoreStage stage, in MaskTile tile, CpuKernel kernel, in PackedKeys keys, ComputeScratch scratch)
    {
        (int first, int last) = Distances(stage.Distances, tile);
        int dim = _queries.Dim, stride = Stride(tile.Keys.Count), most = Math.Min(SpanGrid.MaxSpanRows, last - first + 1);
        nuint products = NativeBuffer.Aligned((nuint)(last - first + 1) * (nuint)stride * sizeof(float));
        nuint packed = NativeBuffer.Aligned(kernel.QueryBytes(most, dim));
        byte* memory = scratch.Terms(products + packed + kernel.WorkspaceBytes(dim, 1));
        fixed (float* t = _pinned[_pinned.Length == 1 ? 0 : tile.QueryHead])
        {
            for (int at = first; at <= last; at += most)
            {
                TensorRows part = TensorRows.Dense(t + (nint)at * dim, Math.Min(most, last - at + 1), dim);
                kernel.Scores(
                    kernel.PackQueries(part, _scale, memory + products), keys, null, (float*)memory + (nint)(at - first) * stride, stride, memory + products + packed);
            }
        }
        return stage with { KeyTerms = (float*)memory, KeyTermStride = stride, KeyTermFirst = first, KeyTermRows = last - first + 1, KeyTermReach = Reach };
    }

    // Sixteen scores are worked on at a time, so there is room behind the last.
    private static int Stride(int keys) => (keys + 15) / 16 * 16 + 16;

    private static float[] Pinned(float[] of)
    {
        float[] copy = GC.AllocateUninitializedArray<float>(of.Length, pinned: true);
        of.CopyTo(copy, 0);
        return copy;
    }

    /// <summary>The first and the last number of a distance that a tile has, counted from the farthest key behind.</summary>
    private (int First, int Last) Distances(float* distances, in MaskTile tile)
    {
        (long least, long most) = (long.MaxValue, long.MinValue);
        for (int row = 0; row < tile.Queries.Count; row++)
        {
            least = Math.Min(least, -(long)distances[row]);
            most = Math.Max(most, tile.Keys.Count - 1 - (long)distances[row]);
        }
        return ((int)Math.Clamp(least + Reach, 0, 2 * Reach), (int)Math.Clamp(most + Reach, 0, 2 * Reach));
    }
}
