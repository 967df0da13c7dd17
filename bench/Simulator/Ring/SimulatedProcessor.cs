using Distributed.Engine.Compute;
using Distributed.Engine.Plan;
using Distributed.Simulator.Clock;
using Distributed.Simulator.Model;

namespace Distributed.Simulator.Ring;

/// <summary>
/// A silo's compute threads together. What blocks give them is done in the order of asking, as the queue of a compute pool
/// does it; work is counted in pairs and takes its time by the silo's speed.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="speed">The silo's speed.</param>
internal sealed class SimulatedProcessor(SimulatedTime time, Speed speed) : ICompute
{
    private TimeSpan _free;

    /// <summary>Time at work so far, and of what is queued.</summary>
    public TimeSpan Busy { get; private set; }

    /// <summary>Does work, after that which was asked for before.</summary>
    /// <param name="pairs">Pairs over all heads and batch entries.</param>
    /// <param name="cancellation">Ends the wait; the work is dropped with the silo.</param>
    /// <param name="begins">When its turn comes.</param>
    public Task WorkAsync(PairCounts pairs, CancellationToken cancellation, out TimeSpan begins)
    {
        TimeSpan takes = speed.TimeFor(pairs);
        Busy += takes;
        begins = _free > time.Now ? _free : time.Now;
        _free = begins + takes;
        return time.Delay(_free - time.Now, cancellation);
    }

    /// <summary>Takes time from what waits for its turn, for something else that the silo does.</summary>
    public void Charge(TimeSpan other) => _free = (_free > time.Now ? _free : time.Now) + other;

    /// <summary>The share that is done of work of some size that began at a time, if it is not over yet.</summary>
    public double ShareOf(PairCounts pairs, TimeSpan begins) =>
        Math.Clamp((time.Now - begins) / speed.TimeFor(pairs), 0, 1);

    /// <inheritdoc/>
    public Task RunAllAsync(IEnumerable<Action<ComputeScratch>> work, CancellationToken cancellation = default) =>
        throw new NotSupportedException("A simulated silo does no arithmetic; its work is given by its size.");
}
