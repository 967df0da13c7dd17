using Distributed.Engine.Compute;
using Distributed.Engine.Ring;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Hard;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Spans;
using Distributed.Kernels.States;

namespace Distributed.Engine.Mechanisms;

/// <summary>
/// Hard attention: of each row the best keys and their scores. Values are read at the end, those of the kept keys alone,
/// from where the job's input lies.
/// </summary>
internal sealed unsafe class HardStates(LaneContext context) : ScoredStates(context)
{
    private readonly int _k = context.Plan.Mechanism.Kept;

    public override nuint StateFloats(int rows) => TopKState.FloatsFor(rows, _k);

    public override void Begin(TensorRows queries, int queryHead, in LaneMemory.Part memory)
    {
        base.Begin(queries, queryHead, memory);
        new TopKState(memory.State, queries.Count, _k).Reset();
    }

    public override void Finish(
        LaneRows rows, int batch, int queryHead, in LaneMemory.Part memory, Span<float> output, Span<float> logSumExp, ComputeScratch scratch)
    {
        int dim = Plan.Shape.ValueDim, keyHead = queryHead / Plan.Shape.Group;
        var best = new TopKState(memory.State, rows.Rows.Count, _k);
        var room = (float*)scratch.Workspace((AttentionState.FloatsFor(1, dim) + (nuint)dim) * sizeof(float));
        AttentionState softmax = AttentionState.At(room + dim, 1, dim);
        float? sink = Plan.Scores.SinkOf(queryHead);
        for (int row = 0; row < best.Rows; row++)
        {
            TopKFold.Softmax(
                best, row, (key, to) => TensorReader.Read(Context.Values.Slice(batch, keyHead, new RowRange(key, 1)), 0, to),
                new Span<float>(room, dim), softmax);
            logSumExp[row] = FinalRow.Write(softmax, 0, sink, output[(row * dim)..]);
        }
    }

    protected override void Fold(CpuKernel kernel, in PackedQueries queries, MaskWords? words, in LaneFold fold, ComputeScratch scratch)
    {
        RowRange keys = Plan.KeyGrid[fold.KeySpan];
        nuint kernelBytes = NativeBuffer.Aligned(kernel.WorkspaceBytes(Plan.ScoreDim, 1));
        byte* workspace = scratch.Workspace(kernelBytes + (nuint)queries.Rows * SpanGrid.MaxSpanRows * sizeof(float));
        var scores = (float*)(workspace + kernelBytes);
        kernel.Scores(queries, fold.Packed!.Value.Keys, words, scores, SpanGrid.MaxSpanRows, workspace);
        TopKFold.Take(new TopKState(fold.Memory.State, queries.Rows, _k), scores, SpanGrid.MaxSpanRows, keys.Start, keys.Count);
    }
}
