using Distributed.Engine.FileJobs;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Numerics;

namespace Distributed.Engine.Plan;

/// <summary>Decides into how many blocks and lanes a job is cut that can be saved and lost. It changes the schedule, never the result.</summary>
public static class JobPlanner
{
    /// <summary>Bytes of a tile: so many fit into a silo's cache, and its transfer is short beside its use.</summary>
    private const double TileBytes = 32 << 20;

    /// <summary>Blocks for each one at work: so that silos finish together, and a loss is small.</summary>
    private const int BlocksPerSlot = 8;

    /// <summary>
    /// Blocks at most, unless more are asked for: a coordinator follows each of them, and the silos together pull as many
    /// tiles as the square of their number.
    /// </summary>
    private const int MostBlocks = 4096;

    /// <summary>Rows below which cutting lanes smaller costs more than it balances.</summary>
    private const int FewestRowsPerLane = 192;

    /// <summary>Query rows, over the heads of a group, that one packed key span serves in a lane.</summary>
    private const int MostRowsPerLane = 4096;

    /// <summary>Blocks and rows of a lane.</summary>
    /// <param name="specification">The job.</param>
    /// <param name="input">Its input.</param>
    /// <param name="slots">Blocks that the cluster computes at a time.</param>
    /// <param name="threads">Compute threads of the silo that has the most.</param>
    public static (int Blocks, int RowsPerLane) Cut(FileJobSpecification specification, AttentionInput input, int slots, int threads)
    {
        // Where memories travel in the place of tiles, no tile is too large.
        int blocks = !specification.Options.Mechanism.HasScores
            ? Math.Max(specification.Options.Blocks, slots * BlocksPerSlot)
            : Blocks(input.Shape, input.Keys.Type, input.Values.Type, specification.Options.Blocks, slots);
        JobPlan plan = JobPlan.Create(input, specification.Options with { Blocks = blocks });
        return (plan.Blocks.Count, RowsPerLane(plan, threads));
    }

    /// <summary>How many blocks are wanted; a plan makes fewer where there are not as many spans.</summary>
    /// <param name="shape">Sizes of the job.</param>
    /// <param name="keyType">Element type of the keys.</param>
    /// <param name="valueType">Element type of the values.</param>
    /// <param name="atLeast">Blocks that were asked for.</param>
    /// <param name="slots">Blocks that the cluster computes at a time.</param>
    public static int Blocks(in AttentionShape shape, ElementType keyType, ElementType valueType, int atLeast, int slots)
    {
        double keyBytes = (double)shape.Batch * shape.KeyHeads * shape.KeyRows
            * (shape.KeyDim * keyType.SizeInBytes() + shape.ValueDim * valueType.SizeInBytes());
        double wanted = Math.Min(MostBlocks, Math.Max((double)slots * BlocksPerSlot, Math.Ceiling(keyBytes / TileBytes)));
        // As many for each slot: one block more than that would keep its silo busy while the others have none.
        wanted = Math.Ceiling(wanted / slots) * slots;
        return (int)Math.Min(Math.Max(atLeast, wanted), AttentionOptions.MaxParallelism);
    }

    /// <summary>Query rows that one thread advances at a time.</summary>
    /// <param name="plan">The job's plan.</param>
    /// <param name="threads">Compute threads of the silo that has the most.</param>
    public static int RowsPerLane(JobPlan plan, int threads)
    {
        AttentionShape shape = plan.Shape;
        int spanRows = plan.QueryGrid.SpanRows, group = Math.Max(1, shape.Group);
        double rows = (double)shape.Batch * shape.KeyHeads * shape.QueryRows / plan.Blocks.Count;
        int perLane = (int)Math.Clamp(rows / (threads * 4), FewestRowsPerLane, Math.Max(spanRows, MostRowsPerLane / group));
        return perLane >= spanRows ? perLane / spanRows * spanRows : Math.Min(perLane, spanRows);
    }
}
