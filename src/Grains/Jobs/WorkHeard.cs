namespace Distributed.Grains.Jobs;

/// <summary>What a coordinator has last heard of a block's attempt, and what it has probably done since.</summary>
/// <param name="block">The block.</param>
/// <param name="time">The clock.</param>
internal sealed class WorkHeard(int block, TimeProvider time)
{
    /// <summary>Of a silo that has not been heard for longer, nobody knows whether it is at work.</summary>
    private const double SecondsTrusted = 1;

    private long _heard = time.GetTimestamp();

    public int Block => block;

    /// <summary>Whether it computes: it has its place and has not ended.</summary>
    public bool AtWork { get; private set; }

    /// <summary>Cost done, with what a checkpoint brought.</summary>
    public double CostDone { get; private set; }

    /// <summary>Cost that a checkpoint brought.</summary>
    public double CostRestored { get; private set; }

    /// <summary>Seconds since it was heard.</summary>
    public double SecondsSince => time.GetElapsedTime(_heard).TotalSeconds;

    /// <summary>Something was heard of it.</summary>
    public void Hear(bool atWork, double costDone, double costRestored)
    {
        (AtWork, CostDone, CostRestored) = (atWork, costDone, costRestored);
        _heard = time.GetTimestamp();
    }

    /// <summary>Cost that it has probably done by now: what was heard of, and what its silo has done since.</summary>
    /// <param name="speed">Cost a second that the silo does.</param>
    /// <param name="atWork">Attempts at work there.</param>
    public double CostByNow(double speed, int atWork) =>
        AtWork ? CostDone + Math.Min(SecondsSince, SecondsTrusted) * speed / Math.Max(1, atWork) : CostDone;
}
