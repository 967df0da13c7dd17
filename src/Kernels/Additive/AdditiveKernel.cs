using System.Runtime.CompilerServices;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Spans;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Additive;

/// <summary>
/// Softmax attention with the additive score of Bahdanau, Cho and Bengio ("Neural Machine Translation by Jointly Learning
/// to Align and Translate", 2015, A.1.2): scale · Σ v · tanh(q + k) over the elements of a row. Its queries and keys are the
/// projected rows W q and U k; values and the softmax are those of another kernel.
/// </summary>
/// <param name="inner">The kernel of the softmax and the values. The scores have the same bits beside each of them.</param>
/// <param name="vector">v, one number for each element of a projected row.</param>
public sealed unsafe class AdditiveKernel(CpuKernel inner, IReadOnlyList<float> vector) : CpuKernel
{
    private const int BlockRows = 96;
    private const int Stride = SpanGrid.MaxSpanRows;

    /// <inheritdoc/>
    public override string Name => inner.Name;

    /// <inheritdoc/>
    public override int DirectRows => 0;

    /// <inheritdoc/>
    public override nuint QueryBytes(int rows, int keyDim) => AdditiveQueries.Bytes(rows, keyDim);

    /// <inheritdoc/>
    public override nuint KeyBytes(int keys, int keyDim) => AdditiveKeys.Bytes(keys, keyDim);

    /// <inheritdoc/>
    public override nuint ValueBytes(int keys, int valueDim) => inner.ValueBytes(keys, valueDim);

    /// <inheritdoc/>
    public override nuint WorkspaceBytes(int keyDim, int valueDim) => ScoreBytes + inner.WorkspaceBytes(1, valueDim);

    /// <inheritdoc/>
    public override PackedQueries PackQueries(TensorRows queries, double scale, byte* destination)
    {
        AdditiveQueries.Pack(queries, vector, scale, destination);
        return new PackedQueries(destination, queries.Count, queries.Dim);
    }

    /// <inheritdoc/>
    public override PackedKeys PackKeys(TensorRows keys, byte* destination)
    {
        AdditiveKeys.Pack(keys, destination);
        return new PackedKeys(destination, keys.Count, keys.Dim);
    }

    /// <inheritdoc/>
    public override PackedValues PackValues(TensorRows values, byte* destination) => inner.PackValues(values, destination);

    /// <inheritdoc/>
    public override void Fold(
        in PackedQueries queries, in PackedKeys keys, in PackedValues values, MaskWords? mask, in AttentionState state,
        byte* workspace)
    {
        var scores = (float*)workspace;
        for (int row = 0; row < queries.Rows; row += BlockRows)
        {
            int rows = Math.Min(BlockRows, queries.Rows - row);
            MaskWords? part = mask is { } words ? words.Slice(row, rows) : null;
            AdditiveScores.Compute(queries, row, rows, keys, part, scores, Stride);
            AttentionState slice = state.Slice(row, rows);
            RowStatistics statistics = default;
            if (state.Statistics is not null)
            {
                statistics = state.Statistics->Slice(row);
                slice = slice.With(&statistics);
            }
            inner.FoldScores(scores, Stride, values, part, slice, workspace + ScoreBytes);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">Always: <see cref="DirectRows"/> is 0.</exception>
    public override void FoldDirect(
        in PackedQueries queries, TensorRows keys, TensorRows values, MaskWords? mask, in AttentionState state,
        byte* workspace) => throw new NotSupportedException("Additive scores are made of projected keys, which are packed.");

    /// <inheritdoc/>
    public override void FoldScores(
        float* scores, nint rowStride, in PackedValues values, MaskWords? mask, in AttentionState state, byte* workspace) =>
        inner.FoldScores(scores, rowStride, values, mask, state, workspace + ScoreBytes);

    /// <inheritdoc/>
    public override void Weights(
        in PackedQueries queries, in PackedKeys keys, MaskWords? mask, float* logSumExp, float* weights, nint rowStride,
        byte* workspace)
    {
        Scores(queries, keys, mask, weights, rowStride, workspace);
        for (int row = 0; row < queries.Rows; row++)
        {
            float shift = Arithmetic.Shift(logSumExp[row]);
            foreach (ref float weight in new Span<float>(weights + row * rowStride, keys.Count))
                weight = float.IsNegativeInfinity(weight) ? 0f : Exp2.Weight(weight - shift);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Scores(
        in PackedQueries queries, in PackedKeys keys, MaskWords? mask, float* scores, nint rowStride, byte* workspace)
    {
        var made = (float*)workspace;
        for (int row = 0; row < queries.Rows; row += BlockRows)
        {
            int rows = Math.Min(BlockRows, queries.Rows - row);
            MaskWords? part = mask is { } words ? words.Slice(row, rows) : null;
            AdditiveScores.Compute(queries, row, rows, keys, part, made, Stride);
            for (int i = 0; i < rows; i++)
            {
                var to = new Span<float>(scores + (row + i) * rowStride, keys.Count);
                new ReadOnlySpan<float>(made + i * Stride, keys.Count).CopyTo(to);
                if (part is not { } bits)
                    continue;
                ReadOnlySpan<ulong> seen = bits.Row(i);
                for (int key = 0; key < to.Length; key++)
                    to[key] = (seen[key / 64] >> (key % 64) & 1) != 0 ? to[key] : float.NegativeInfinity;
            }
        }
    }

    private static nuint ScoreBytes => BlockRows * Stride * sizeof(float);
}
