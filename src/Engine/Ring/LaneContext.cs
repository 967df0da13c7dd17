using Distributed.Engine.Devices;
using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms;
using Distributed.Engine.Plan;
using Distributed.Engine.Tiles;
using Distributed.Kernels.Cpu;

namespace Distributed.Engine.Ring;

/// <summary>
/// What lanes share: all lanes of a job in an embedded run, those of one block attempt in a cluster, where each block
/// counts its own progress and has its own sink.
/// </summary>
public sealed class LaneContext
{
    private readonly CpuKernel[] _kernels;

    /// <summary>Puts together what lanes need.</summary>
    /// <param name="plan">The job's plan.</param>
    /// <param name="input">The job's tensors.</param>
    /// <param name="kernel">The kernel that folds.</param>
    /// <param name="cache">Packed key spans, shared with whom it may be.</param>
    /// <param name="sink">Where finished rows go; an <see cref="IRowStatisticsSink"/> where the job asks for statistics.</param>
    /// <exception cref="ArgumentException">The sink takes no statistics, and the job asks for them.</exception>
    /// <exception cref="InvalidOperationException">The job's mechanism has no scores of single keys.</exception>
    public LaneContext(JobPlan plan, AttentionInput input, CpuKernel kernel, PackedSpanCache cache, IAttentionSink sink)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(input);
        if (plan.Statistics is not null && sink is not IRowStatisticsSink)
            throw new ArgumentException($"The job asks for statistics of rows, which a {sink?.GetType().Name} does not take.", nameof(sink));
        Plan = plan;
        Done = new WorkDone(plan);
        Queries = input.Queries;
        Values = input.Values;
        Cache = cache;
        Sink = sink;
        _kernels = [.. Enumerable.Range(0, Math.Max(1, plan.Shape.QueryHeads)).Select(head => plan.Scores.KernelOver(kernel, head))];
        States = LaneStates.Of(this);
    }

    /// <summary>The job's plan.</summary>
    public JobPlan Plan { get; }

    /// <summary>Queries <c>[B, Hq, Sq, D]</c>.</summary>
    public HeadTensor Queries { get; }

    /// <summary>Values <c>[B, Hkv, Skv, Dv]</c> where they lie, for a mechanism that reads a few of them at the end.</summary>
    internal KeyRows Values { get; }

    /// <summary>What the mechanism keeps of query rows.</summary>
    internal LaneStates States { get; }

    /// <summary>A kernel for sizes, which are the same for all heads.</summary>
    internal CpuKernel Kernel0 => _kernels[0];

    /// <summary>Packed key spans.</summary>
    public PackedSpanCache Cache { get; }

    /// <summary>The kernel that folds scores of a query head.</summary>
    internal CpuKernel KernelFor(int queryHead) => _kernels[queryHead];

    /// <summary>Where finished rows go.</summary>
    public IAttentionSink Sink { get; }

    /// <summary>
    /// Whether a lane keeps its states after it has given its rows to the sink, so that a checkpoint taken later still has
    /// them.
    /// </summary>
    public bool KeepStates { get; init; }

    /// <summary>The device that lanes hand their folds to before they fold by themselves; null = none.</summary>
    public DeviceWork? Device { get; init; }

    /// <summary>(query, key) pairs folded so far, inside the masks, over all heads.</summary>
    public long PairsSeen => Done.PairsSeen;

    /// <summary>Estimated cost of what was folded so far, as the plan counts it, over all heads.</summary>
    public double CostDone => Done.Cost;

    /// <summary>Counts finished folds.</summary>
    internal WorkDone Done { get; }

    /// <summary>Counts a finished fold, or what a checkpoint says was folded before.</summary>
    internal void Folded(long pairsSeen, double cost) => Done.Folded(pairsSeen, cost);
}
