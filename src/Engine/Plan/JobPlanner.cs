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
        AttentionShape shape = input.Shape;
        double keyBytes = (double)shape.Batch * shape.KeyHeads * shape.KeyRows
            * (shape.KeyDim * input.Keys.Type.SizeInBytes() + shape.ValueDim * input.Values.Type.SizeInBytes());
        double wanted = Math.Max(specification.Options.Blocks, Math.Max(slots * BlocksPerSlot, Math.Ceiling(keyBytes / TileBytes)));
        int blocks = (int)Math.Min(wanted, AttentionOptions.MaxParallelism);
        JobPlan plan = JobPlan.Create(input, specification.Options with { Blocks = blocks });
        int spanRows = plan.QueryGrid.SpanRows, group = Math.Max(1, shape.Group);
        double rows = (double)shape.Batch * shape.KeyHeads * shape.QueryRows / plan.Blocks.Count;
        int perLane = (int)Math.Clamp(rows / (threads * 4), FewestRowsPerLane, Math.Max(spanRows, MostRowsPerLane / group));
        return (plan.Blocks.Count, perLane >= spanRows ? perLane / spanRows * spanRows : Math.Min(perLane, spanRows));
    }
}
