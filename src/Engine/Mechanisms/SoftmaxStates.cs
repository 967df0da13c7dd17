using Distributed.Engine.Compute;
using Distributed.Engine.Ring;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.States;

namespace Distributed.Engine.Mechanisms;

/// <summary>The running softmax: O, m, l.</summary>
internal sealed unsafe class SoftmaxStates(LaneContext context) : ScoredStates(context)
{
    /// <summary>A job with so few query rows would use a packed span hardly more than once. The bits are the same.</summary>
    public override bool FoldsInPlace { get; } = context.Plan.Shape.QueryRows * context.Plan.Shape.Group <= context.Kernel0.DirectRows
        && !context.Plan.Scores.HasStage && context.Plan.Rows.Keys is null;

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
        byte* workspace = scratch.Workspace(kernel.WorkspaceBytes(Plan.ScoreDim, Plan.Shape.ValueDim));
        if (fold.Packed is { } span)
        {
            kernel.Fold(queries, span.Keys, span.Values, words, state, workspace);
            return;
        }
        kernel.FoldDirect(
            queries, fold.Tile.Keys(fold.Batch, fold.KeyHead, fold.KeySpan), fold.Tile.Values(fold.Batch, fold.KeyHead, fold.KeySpan), words, state, workspace);
    }
}
