using Distributed.Engine.Mechanisms;
using Distributed.Engine.Mechanisms.Sequential;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Hard;
using Distributed.Kernels.Spans;
using Distributed.Kernels.States;

namespace Distributed.Engine.Plan;

/// <summary>About how much private memory a job takes in this process, beside its mapped files. O(blocks at work).</summary>
public static class MemoryEstimate
{
    /// <summary>What the process itself takes: run time, code, the garbage collector's first segments.</summary>
    private const long Process = 60L << 20;

    /// <summary>Bytes.</summary>
    /// <param name="plan">The job's plan.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="threads">Compute threads.</param>
    /// <param name="rowsPerLane">Query rows that one thread advances at a time.</param>
    /// <param name="packedLimit">Bytes of packed keys and values that are held at most.</param>
    /// <param name="blocksAtWork">Blocks that advance at a time, at most.</param>
    public static long Of(
        JobPlan plan, CpuKernel kernel, int threads, int rowsPerLane, long packedLimit, int blocksAtWork)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(kernel);
        Jobs.AttentionShape shape = plan.Shape;
        if (!plan.Mechanism.HasScores)
            return Process + (long)SequentialJob.BytesOf(plan, threads);
        kernel = plan.Scores.KernelOver(kernel, 0);
        int spanRows = plan.KeyGrid.SpanRows;
        double perSpan = (double)kernel.KeyBytes(spanRows, plan.ScoreDim) + kernel.ValueBytes(spanRows, shape.ValueDim);
        double packed = Math.Min(perSpan * plan.KeyGrid.Count * shape.Batch * shape.KeyHeads, packedLimit + perSpan * threads);
        double perRow = ((double)kernel.QueryBytes(spanRows, plan.ScoreDim) + StateFloats(plan, spanRows) * sizeof(float)) / spanRows;

        if (plan.Statistics is not null)
            perRow += RowStatistics.SumsPerRow * sizeof(double);

        // The lanes of one block alone begin and end one after the other; those of several blocks wait for each other's
        // tiles with their states in memory.
        double laneRows = plan.Blocks.Count == 1
            ? (double)Math.Min(rowsPerLane, shape.QueryRows) * shape.Group * threads
            : plan.Blocks.Select(block => (double)block.QuerySpans * plan.QueryGrid.SpanRows).OrderDescending().Take(blocksAtWork).Sum()
                * shape.Batch * shape.QueryHeads;
        laneRows = Math.Min(laneRows, (double)shape.Batch * shape.QueryHeads * shape.QueryRows);
        double words = (double)spanRows * spanRows / 8;
        double scratch = threads * ((double)kernel.WorkspaceBytes(plan.ScoreDim, shape.ValueDim) + words + (double)spanRows * (shape.ValueDim + 1) * sizeof(float));
        if (plan.Tensors.RelativeQueries is { } queries)
            scratch += threads * KeyPositionTerms.BytesOf(queries, spanRows);
        double past = shape.PastRows > 0
            ? (double)shape.Batch * shape.KeyHeads * Math.Min(shape.KeyRows, 2 * SpanGrid.MaxSpanRows) * (shape.KeyDim + shape.ValueDim) * sizeof(float) : 0;
        return (long)(Process + packed + laneRows * perRow + scratch + past);
    }

    /// <summary>Numbers that a mechanism keeps of query rows, with their products with relative keys.</summary>
    private static nuint StateFloats(JobPlan plan, int rows) => (plan.Mechanism.Kind == Mechanisms.MechanismKind.Hard
        ? TopKState.FloatsFor(rows, plan.Mechanism.Kept)
        : AttentionState.FloatsFor(rows, plan.Shape.ValueDim)) + (nuint)rows * (nuint)(plan.Scores.PositionTerms?.Stride ?? 0);
}
