using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Spans;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// The kernel on vector registers. Rows are taken <see cref="Blocking.BlockRows"/> at a time: all their scores on the
/// span, their maxima, the weights, then the weighted values, each in register tiles of six rows.
/// </summary>
/// <typeparam name="T">Sixteen lanes.</typeparam>
/// <typeparam name="T2">The strip of two vectors, or T where registers do not allow more.</typeparam>
/// <typeparam name="T3">The strip of three vectors, or T.</typeparam>
/// <typeparam name="T4">The strip of four vectors, or T. Keys are packed in panels of its width.</typeparam>
/// <param name="name">Name for people.</param>
/// <param name="maxVectors">Vectors in the widest strip.</param>
internal sealed unsafe class VectorKernel<T, T2, T3, T4>(string name, int maxVectors) : CpuKernel
    where T : struct, ILanes<T>
    where T2 : struct, IStrip<T2>
    where T3 : struct, IStrip<T3>
    where T4 : struct, IStrip<T4>
{
    /// <inheritdoc/>
    public override string Name => name;

    /// <inheritdoc/>
    public override nuint QueryBytes(int rows, int keyDim) =>
        ((nuint)Packing.PaddedRows(rows) * (nuint)Packing.PaddedDim(keyDim) + Arithmetic.Lanes) * sizeof(float);

    /// <inheritdoc/>
    public override nuint KeyBytes(int keys, int keyDim) =>
        (nuint)((keys + T4.Width - 1) / T4.Width * T4.Width) * (nuint)Packing.PaddedDim(keyDim) * sizeof(float);

    /// <inheritdoc/>
    public override nuint ValueBytes(int keys, int valueDim) =>
        (nuint)keys * (nuint)new ColumnStrips(valueDim, maxVectors).Columns * sizeof(float);

    /// <inheritdoc/>
    public override nuint WorkspaceBytes(int keyDim, int valueDim) =>
        Workspace.Bytes(new ColumnStrips(valueDim, maxVectors).Columns, T4.Width * Packing.PaddedDim(keyDim));

    /// <inheritdoc/>
    public override int DirectRows => 2 * Blocking.GroupRows;

    /// <inheritdoc/>
    public override PackedQueries PackQueries(TensorRows queries, double scale, byte* destination)
    {
        QueryPacking<T>.Pack(queries, scale * Arithmetic.Log2E, (float*)destination);
        return new PackedQueries(destination, queries.Count, queries.Dim);
    }

    /// <inheritdoc/>
    public override PackedKeys PackKeys(TensorRows keys, byte* destination)
    {
        KeyPacking<T>.Pack(keys, T4.Width, (float*)destination);
        return new PackedKeys(destination, keys.Count, keys.Dim);
    }

    /// <inheritdoc/>
    public override PackedValues PackValues(TensorRows values, byte* destination)
    {
        bool finite = ValuePacking<T>.Pack(values, new ColumnStrips(values.Dim, maxVectors), (float*)destination);
        return new PackedValues(destination, values.Count, values.Dim, finite);
    }

    /// <inheritdoc/>
    public override void Fold(
        in PackedQueries queries, in PackedKeys keys, in PackedValues values, MaskWords? mask, in AttentionState state,
        byte* workspace)
    {
        var strips = new ColumnStrips(values.Dim, maxVectors);
        var work = new Workspace(workspace, strips.Columns);
        GroupView* views = stackalloc GroupView[Blocking.BlockRows / Blocking.GroupRows];
        for (int row = 0; row < queries.Rows; row += Blocking.BlockRows)
        {
            RowBlock block = RowBlock.At(row, queries.Rows, mask, keys.Count, views);
            ScorePass<T, T4>.Run(queries, keys, mask, block, work, values.Data);
            StatePass<T>.RaiseMaxima(block, work, state);
            if (state.Statistics is not null)
                StatisticsPass<T>.Run(block, work, *state.Statistics, keys.Count);
            var output = (byte*)(state.Output + (nint)row * values.Dim);
            ValuePass<T, T2, T3, T4>.Run(values, strips, values.AllFinite ? null : mask, block, work, output, keys.Data, state.Statistics is not null);
            StatePass<T>.AddWeights(block, work, state);
            OutputPass<T, T2, T3, T4>.Run(block, strips, work, state);
        }
    }

    /// <inheritdoc/>
    public override void FoldDirect(
        in PackedQueries queries, TensorRows keys, TensorRows values, MaskWords? mask, in AttentionState state,
        byte* workspace)
    {
        var strips = new ColumnStrips(values.Dim, maxVectors);
        var work = new Workspace(workspace, strips.Columns);
        GroupView* views = stackalloc GroupView[Blocking.BlockRows / Blocking.GroupRows];
        // In the canonical order the span to the left comes next.
        byte* before = (byte*)keys.Row(-SpanGrid.MaxSpanRows);
        for (int row = 0; row < queries.Rows; row += Blocking.BlockRows)
        {
            RowBlock block = RowBlock.At(row, queries.Rows, mask, keys.Count, views);
            ScoreStream<T, T2>.Run(queries, new RowStream(keys, (byte*)values.Start), mask, block, work);
            StatePass<T>.RaiseMaxima(block, work, state);
            if (state.Statistics is not null)
                StatisticsPass<T>.Run(block, work, *state.Statistics, keys.Count);
            ValuePass<T, T2, T3, T4>.RunDirect(new RowStream(values, before), strips, mask, block, work, state.Statistics is not null);
            StatePass<T>.AddWeights(block, work, state);
            OutputPass<T, T2, T3, T4>.Run(block, strips, work, state);
        }
    }

    /// <inheritdoc/>
    public override int StackedRows => Blocking.BlockRows;

    /// <inheritdoc/>
    public override PackedQueries StackQueries(ReadOnlySpan<PackedQueries> heads, byte* destination) =>
        QueryPacking<T>.Stack(heads, destination);

    /// <inheritdoc/>
    public override void Weights(
        in PackedQueries queries, in PackedKeys keys, MaskWords? mask, float* logSumExp, float* weights, nint rowStride,
        byte* workspace)
    {
        var work = new Workspace(workspace, 0);
        GroupView* views = stackalloc GroupView[Blocking.BlockRows / Blocking.GroupRows];
        for (int first = 0; first < queries.Rows; first += Blocking.BlockRows)
        {
            RowBlock block = RowBlock.At(first, queries.Rows, mask, keys.Count, views);
            FinalPass<T, T4>.Run(queries, keys, mask, block, work, logSumExp, weights, rowStride);
        }
    }

    /// <inheritdoc/>
    public override void Scores(
        in PackedQueries queries, in PackedKeys keys, MaskWords? mask, float* scores, nint rowStride, byte* workspace)
    {
        var work = new Workspace(workspace, 0);
        GroupView* views = stackalloc GroupView[Blocking.BlockRows / Blocking.GroupRows];
        for (int first = 0; first < queries.Rows; first += Blocking.BlockRows)
        {
            RowBlock block = RowBlock.At(first, queries.Rows, mask, keys.Count, views);
            ScorePass<T, T4>.Run(queries, keys, mask, block, work, keys.Data);
            GivenScores<T>.CopyOut(block, work, keys.Count, scores + first * rowStride, rowStride);
        }
    }

    /// <inheritdoc/>
    public override void FoldScores(
        float* scores, nint rowStride, in PackedValues values, MaskWords? mask, in AttentionState state, byte* workspace)
    {
        var strips = new ColumnStrips(values.Dim, maxVectors);
        var work = new Workspace(workspace, strips.Columns);
        GroupView* views = stackalloc GroupView[Blocking.BlockRows / Blocking.GroupRows];
        for (int row = 0; row < state.Rows; row += Blocking.BlockRows)
        {
            RowBlock block = RowBlock.At(row, state.Rows, mask, values.Count, views);
            GivenScores<T>.CopyIn(scores + row * rowStride, rowStride, values.Count, mask, block, work);
            StatePass<T>.RaiseMaxima(block, work, state);
            if (state.Statistics is not null)
                StatisticsPass<T>.Run(block, work, *state.Statistics, values.Count);
            var output = (byte*)(state.Output + (nint)row * values.Dim);
            ValuePass<T, T2, T3, T4>.Run(values, strips, values.AllFinite ? null : mask, block, work, output, output, state.Statistics is not null);
            StatePass<T>.AddWeights(block, work, state);
            OutputPass<T, T2, T3, T4>.Run(block, strips, work, state);
        }
    }
}
