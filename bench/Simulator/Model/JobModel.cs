using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Kernels.Numerics;

namespace Distributed.Simulator.Model;

/// <summary>The job that is run on a modelled cluster.</summary>
/// <param name="Shape">Its sizes; as many queries as keys.</param>
/// <param name="Options">What to compute.</param>
/// <param name="Type">Element type of keys and values.</param>
internal sealed record JobModel(AttentionShape Shape, AttentionOptions Options, ElementType Type)
{
    /// <summary>The job cut into blocks as a cluster's coordinator does it, or into as many as <paramref name="blocks"/> says.</summary>
    public JobPlan Plan(ClusterModel cluster, int? blocks = null) => JobPlan.Create(Shape, Options with
    {
        Blocks = blocks ?? JobPlanner.Blocks(Shape, Type, Type, Options.Blocks, cluster.Silos * cluster.BlocksAtOnce),
    });
}
