using Distributed.Engine.Plan;

namespace Distributed.Engine.Timelines;

/// <summary>Makes <see cref="BlockView"/>s of a plan's blocks.</summary>
public static class BlockViews
{
    /// <summary>A block that nobody has begun.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="block">The block.</param>
    public static BlockView Pending(JobPlan plan, PlannedBlock block)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(block);
        long first = block.QuerySpans == 0 ? 0 : plan.QueryGrid[block.FirstQuerySpan].Start;
        long end = block.QuerySpans == 0 ? 0 : plan.QueryGrid[block.FirstQuerySpan + block.QuerySpans - 1].End;
        return new BlockView(
            block.Index, first, end - first, plan.Cost == 0 ? 1.0 / plan.Blocks.Count : block.Cost / plan.Cost, BlockState.Pending, 0);
    }

    /// <summary>The share of a block's work that a cost is, as the plan counts it over all heads.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="block">The block.</param>
    /// <param name="cost">The cost.</param>
    public static double ShareDone(JobPlan plan, PlannedBlock block, double cost)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(block);
        double all = block.Cost * plan.Shape.Batch * plan.Shape.QueryHeads;
        return all == 0 ? 0 : Math.Clamp(cost / all, 0, 1);
    }
}
