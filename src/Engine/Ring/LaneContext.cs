using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Engine.Tiles;
using Distributed.Kernels.Cpu;

namespace Distributed.Engine.Ring;

/// <summary>What all lanes of a job in one process share.</summary>
internal sealed class LaneContext
{
    private readonly Lock _progress = new();
    private long _pairsSeen;
    private double _costDone;

    public LaneContext(
        JobPlan plan, HeadTensor queries, double scale, CpuKernel kernel, PackedSpanCache cache, IAttentionSink sink)
    {
        Plan = plan;
        Queries = queries;
        Scale = scale;
        Kernel = kernel;
        Cache = cache;
        Sink = sink;
    }

    public JobPlan Plan { get; }

    public HeadTensor Queries { get; }

    public double Scale { get; }

    public CpuKernel Kernel { get; }

    public PackedSpanCache Cache { get; }

    public IAttentionSink Sink { get; }

    /// <summary>(query, key) pairs folded so far, inside the masks, over all heads.</summary>
    public long PairsSeen => Interlocked.Read(ref _pairsSeen);

    /// <summary>Estimated cost of what was folded so far, as the plan counts it, over all heads.</summary>
    public double CostDone
    {
        get
        {
            lock (_progress)
                return _costDone;
        }
    }

    /// <summary>Counts a finished fold.</summary>
    public void Folded(long pairsSeen, double cost)
    {
        Interlocked.Add(ref _pairsSeen, pairsSeen);
        lock (_progress)
            _costDone += cost;
    }
}
