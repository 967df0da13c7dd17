namespace Distributed.Grains.Jobs;

/// <summary>What a coordinator knows of a silo's work for a job, and how it goes by it.</summary>
/// <param name="name">The silo.</param>
/// <param name="measured">Its speed, measured by itself, in a unit of its own.</param>
/// <param name="time">The clock.</param>
internal sealed class SiloWork(string name, double measured, TimeProvider time)
{
    private readonly List<WorkHeard> _running = [];
    private double _finished;
    private long? _began;

    /// <summary>Cost a second that it has shown; null before it has shown any.</summary>
    public double? SpeedShown => SpeedEstimate.Shown(
        _finished + _running.Sum(work => work.CostDone - work.CostRestored),
        _began is { } began ? time.GetElapsedTime(began).TotalSeconds : 0);

    /// <summary>It gets a block of this coordinator's.</summary>
    public void Begin() => _began ??= time.GetTimestamp();

    /// <summary>A block is with it.</summary>
    public WorkHeard Add(int block)
    {
        var work = new WorkHeard(block, time);
        _running.Add(work);
        return work;
    }

    /// <summary>A block is with it no more.</summary>
    public void Remove(WorkHeard work) => _running.Remove(work);

    /// <summary>It has done some cost of a block that is finished.</summary>
    public void Finish(double cost) => _finished += cost;

    /// <summary>Goes by the speeds that silos show on the job, and by how far they are.</summary>
    /// <param name="silos">The silos that take part.</param>
    /// <param name="schedule">The schedule.</param>
    /// <param name="costs">Cost of each block for one head.</param>
    /// <param name="heads">Heads over the batch: what is heard is of all of them.</param>
    public static void Follow(IReadOnlyList<SiloWork> silos, BlockSchedule schedule, Func<int, double> costs, double heads)
    {
        if (SpeedEstimate.All([.. silos.Select(silo => (silo.SpeedShown, silo.Measured))]) is not { } speeds)
            return;
        foreach ((SiloWork silo, double speed) in silos.Zip(speeds))
            silo.Tell(schedule, speed, costs, heads);
    }

    private double Measured => measured;

    private void Tell(BlockSchedule schedule, double speed, Func<int, double> costs, double heads)
    {
        schedule.Join(name, speed);
        int atWork = _running.Count(work => work.AtWork);
        foreach (WorkHeard work in _running)
            schedule.Advance(work.Block, Math.Max(0, costs(work.Block) - work.CostByNow(speed, atWork) / heads));
    }
}
