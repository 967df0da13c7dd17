using Distributed.Engine.Compute;
using Distributed.Engine.Ring;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Spans;
using Distributed.Kernels.States;

namespace Distributed.Engine.Mechanisms;

/// <summary>The running softmax: O, m, l.</summary>
internal sealed unsafe class SoftmaxStates(LaneContext context) : ScoredStates(context)
{
    /// <summary>A job with so few query rows would use a packed span hardly more than once. The bits are the same.</summary>
    public override bool FoldsInPlace { get; } = context.Plan.Shape.QueryRows * context.Plan.Shape.Group <= context.Kernel0.DirectRows
        && !context.Plan.Scores.HasStage && context.Plan.Rows.Keys is null;

    /// <summary>
    /// Few rows of each head, and nothing that tells the heads apart but their masks. The bits are the same.
    /// </summary>
    public override bool FoldsHeadsTogether { get; } = context.Plan.Shape.Group > 1
        && context.Plan.Shape.QueryRows * context.Plan.Shape.Group <= context.Kernel0.StackedRows
        && !context.Plan.Scores.HasStage && context.Plan.Statistics is null;

    public override nuint StateFloats(int rows) => AttentionState.FloatsFor(rows, Plan.Shape.ValueDim);

    public override void Begin(TensorRows queries, int queryHead, in LaneMemory.Part memory)
    {
        base.Begin(queries, queryHead, memory);
        AttentionState.At(memory.State, queries.Count, Plan.Shape.ValueDim).Reset();
    }

    public override void Finish(
        LaneRows rows, int batch, int queryHead, in LaneMemory.Part memory, Span<float> output, Span<float> logSumExp, ComputeScratch scratch)
    {
        AttentionState state = AttentionState.At(memory.State, rows.Rows.Count, Plan.Shape.ValueDim);
        float? sink = Plan.Scores.SinkOf(queryHead);
        for (int row = 0; row < state.Rows; row++)
            logSumExp[row] = FinalRow.Write(state, row, sink, output[(row * Plan.Shape.ValueDim)..]);
    }

    public override FoldedTile FoldTogether(in LaneFold first, LaneMemory memory, int index, ComputeScratch scratch)
    {
        int heads = Plan.Shape.Group, rows = first.Rows.Rows.Count;
        RowRange keys = Plan.KeyGrid[first.KeySpan];
        MaskWords words = scratch.Words(heads * rows, keys.Count);
        var folded = default(FoldedTile);
        Span<PackedQueries> queries = stackalloc PackedQueries[heads];
        Span<AttentionState> states = stackalloc AttentionState[heads];
        for (int head = 0; head < heads; head++)
        {
            var tile = new MaskTile(first.Batch, first.QueryHead + head, first.Rows.Rows, keys);
            folded = folded.And(See(tile, words.Slice(head * rows, rows)));
            LaneMemory.Part part = memory.Of(index, head);
            queries[head] = new PackedQueries(part.Queries, rows, Plan.ScoreDim);
            states[head] = AttentionState.At(part.State, rows, Plan.Shape.ValueDim);
        }
        CpuKernel kernel = Context.Kernel0;
        nuint kernelBytes = NativeBuffer.Aligned(kernel.WorkspaceBytes(Plan.ScoreDim, Plan.Shape.ValueDim));
        byte* workspace = scratch.Workspace(kernelBytes + StackedHeads.Bytes(kernel, heads * rows, Plan.ScoreDim, Plan.Shape.ValueDim));
        (PackedQueries all, AttentionState state) = new StackedHeads(kernel, workspace + kernelBytes).Take(queries, states);
        Fold(kernel, all, folded.Whole == heads ? null : words, state, first, workspace);
        StackedHeads.Return(state, states);
        return folded;
    }

    protected override void Fold(CpuKernel kernel, in PackedQueries queries, MaskWords? words, in LaneFold fold, ComputeScratch scratch)
    {
        AttentionState state = AttentionState.At(fold.Memory.State, queries.Rows, Plan.Shape.ValueDim);
        RowStatistics statistics = default;
        if (Plan.Statistics is { } asked)
        {
            var tile = new MaskTile(fold.Batch, fold.QueryHead, fold.Rows.Rows, Plan.KeyGrid[fold.KeySpan]);
            statistics = asked.For(tile, fold.Memory.Statistics, scratch.Distances(queries.Rows));
            state = state.With(&statistics);
        }
        Fold(kernel, queries, words, state, fold, scratch.Workspace(kernel.WorkspaceBytes(Plan.ScoreDim, Plan.Shape.ValueDim)));
    }

    private static void Fold(
        CpuKernel kernel, in PackedQueries queries, MaskWords? words, in AttentionState state, in LaneFold fold, byte* workspace)
    {
        if (fold.Packed is { } span)
        {
            kernel.Fold(queries, span.Keys, span.Values, words, state, workspace);
            return;
        }
        kernel.FoldDirect(
            queries, fold.Tile.Keys(fold.Batch, fold.KeyHead, fold.KeySpan), fold.Tile.Values(fold.Batch, fold.KeyHead, fold.KeySpan), words, state, workspace);
    }

    /// <summary>Clears the bits, all set, of what the masks hide from a head, and counts the rest.</summary>
    private FoldedTile See(in MaskTile tile, MaskWords words)
    {
        double cost = (double)tile.Queries.Count * tile.Keys.Count;
        switch (Plan.Masks.Classify(tile))
        {
            case TileClass.Skip:
                new Span<ulong>(words.Start, words.Rows * words.WordsPerRow).Clear();
                return default;
            case TileClass.Partial:
                Plan.Masks.Apply(tile, words);
                return new FoldedTile(0, 1, words.CountSet(), cost * PartialCost);
            default:
                return new FoldedTile(1, 0, (long)cost, cost);
        }
    }
}
