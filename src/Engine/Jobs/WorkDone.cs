using Distributed.Engine.Plan;

namespace Distributed.Engine.Jobs;

/// <summary>How far a running job is, counted from several threads.</summary>
/// <param name="plan">Its plan.</param>
internal sealed class WorkDone(JobPlan plan)
{
    private readonly Lock _lock = new();
    private long _pairsSeen;
    private double _cost;

    /// <summary>The job's plan.</summary>
    public JobPlan Plan => plan;

    /// <summary>(query, key) pairs done so far, inside the masks, over all heads.</summary>
    public long PairsSeen => Interlocked.Read(ref _pairsSeen);

    /// <summary>Estimated cost of what was done so far, as the plan counts it, over all heads.</summary>
    public double Cost
    {
        get
        {
            lock (_lock)
                return _cost;
        }
    }

    /// <summary>Counts what is done, or what a checkpoint says was done before.</summary>
    public void Folded(long pairsSeen, double cost)
    {
        Interlocked.Add(ref _pairsSeen, pairsSeen);
        lock (_lock)
            _cost += cost;
    }
}
