using Distributed.Engine.Plan;
using Distributed.Engine.Tiles;
using Distributed.Grains.Jobs;
using Distributed.Simulator.Clock;
using Distributed.Simulator.Model;

namespace Distributed.Simulator.Ring;

/// <summary>
/// Gives blocks to silos by the schedule and the speeds that a real coordinator goes by. It lives on no silo, so it does not
/// die; it looks around whenever a block is finished, and in between the more seldom the longer the job has taken.
/// </summary>
internal sealed class SimulatedCoordinator(SimulatedTime time, ClusterModel model, JobPlan plan, long stateBytes, long rowBytes, IReadOnlyList<SimulatedSilo> silos)
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(50);

    private readonly BlockSchedule _schedule = new([.. plan.Blocks.Select(block => block.Cost)], []);
    private readonly Member[] _members = [.. silos.Select(silo => new Member(silo, Measured(model, silo), time))];
    private readonly Dictionary<string, TilePeer> _peers = silos.ToDictionary(silo => silo.Name, silo => silo.Peer);
    private readonly int _rowsPerLane = JobPlanner.RowsPerLane(plan, model.Threads);
    private readonly double _matrices = (double)plan.Shape.Batch * plan.Shape.QueryHeads;
    private readonly int[] _savedSteps = new int[plan.Blocks.Count];
    private readonly List<SimulatedBlock> _ended = [];
    private int _attempts;
    private bool _ticking;
    private Exception? _failure;

    /// <summary>When all blocks were finished; null before.</summary>
    public TimeSpan? Finished { get; private set; }

    /// <summary>Cost that was done, lost with a silo, and had to be done again.</summary>
    public double Lost { get; private set; }

    /// <summary>The silos that have owned each block's tile.</summary>
    public HashSet<int>[] Owners { get; } = [.. plan.Blocks.Select(_ => new HashSet<int>())];

    /// <summary>Attempts that ended well.</summary>
    public IReadOnlyList<SimulatedBlock> Ended => _ended;

    /// <summary>Divides the blocks and starts the first ones.</summary>
    public void Begin()
    {
        _schedule.Divide([.. _members.Select(member => (member.Silo.Name, Measured(model, member.Silo)))]);
        Dictionary<string, int> indices = silos.ToDictionary(silo => silo.Name, silo => silo.Index);
        foreach ((HashSet<int> owners, string? home) in Owners.Zip(_schedule.Homes))
            owners.Add(indices[home!]);
        foreach (Death death in model.Deaths)
            time.After(death.At + model.Detection, () => Bury(_members[death.Silo]));
        LookAround();
    }

    /// <summary>Throws what made a block fail, if one did.</summary>
    public void ThrowIfFailed()
    {
        if (_failure is { } failure)
            throw new InvalidOperationException($"A simulated block failed: {failure.Message}", failure);
    }

    private void LookAround()
    {
        FollowSpeeds();
        bool idle = false;
        foreach (Member member in _members.Where(member => member.Known))
        {
            while (member.Running.Count < model.BlocksAtOnce + JobCoordinator.BlocksAhead && _schedule.Next(member.Silo.Name) is { } block)
                Start(member, block);
            idle |= member.Running.Count < model.BlocksAtOnce;
        }
        if (!idle || _ticking)
            return;
        _ticking = true;
        TimeSpan seldom = time.Now / 500;
        time.After(seldom > Tick ? seldom : Tick, () =>
        {
            _ticking = false;
            if (Finished is null)
                LookAround();
        });
    }

    /// <summary>Asks how far each block is, and goes by it.</summary>
    private void FollowSpeeds()
    {
        Member[] known = [.. _members.Where(member => member.Known)];
        foreach ((SimulatedBlock attempt, WorkHeard work) in known.SelectMany(member => member.Running))
            work.Hear(attempt.AtWork, attempt.DoneByNow, attempt.Restored);
        SiloWork.Follow([.. known.Select(member => member.Work)], _schedule, block => plan.Blocks[block].Cost, _matrices);
    }

    private static double Measured(ClusterModel model, SimulatedSilo silo) =>
        model.Speed.PairsPerSecond * ((model.Measured ?? model.Factors)?[silo.Index] ?? 1);

    private void Start(Member member, int block)
    {
        member.Work.Begin();
        Owners[block].Add(member.Silo.Index);
        var attempt = new SimulatedBlock(time, model, member.Silo, plan, block, _rowsPerLane, stateBytes, _savedSteps[block]);
        member.Running.Add((attempt, member.Work.Add(block)));
        _ = FollowAsync(member, attempt, new RingMap(
            member.Silo.Name, [.. _schedule.Homes.Select(home => home is null ? null : _peers[home])]));
    }

    private async Task FollowAsync(Member member, SimulatedBlock attempt, RingMap map)
    {
        try
        {
            await attempt.RunAsync(map, ++_attempts);
            await time.Delay(TimeSpan.FromSeconds(rowBytes / model.StoreBytesPerSecond) + model.Turnaround, member.Silo.Dead);
            int running = member.Running.FindIndex(of => of.Attempt == attempt);
            member.Work.Remove(member.Running[running].Work);
            member.Work.Finish(attempt.Done - attempt.Restored);
            member.Running.RemoveAt(running);
            _ended.Add(attempt);
            _schedule.Finish(attempt.Block);
            if (_schedule.AllFinished)
                Finished = time.Now;
            else
                LookAround();
        }
        catch (OperationCanceledException) when (!member.Silo.Alive)
        {
            // Its silo died; it is given to another one when that is known.
        }
#pragma warning disable CA1031 // Whatever it is, the simulation ends with it (ThrowIfFailed).
        catch (Exception error)
#pragma warning restore CA1031
        {
            _failure ??= error;
        }
    }

    private void Bury(Member dead)
    {
        dead.Known = false;
        _schedule.Leave(dead.Silo.Name);
        foreach (Member member in _members.Where(member => member.Known))
            member.Silo.Bury(dead.Silo);
        foreach ((SimulatedBlock attempt, _) in dead.Running)
        {
            Lost += attempt.Done - attempt.Saved;
            _savedSteps[attempt.Block] = attempt.SavedStep;
            _schedule.Lose(attempt.Block);
        }
        dead.Running.Clear();
        if (Finished is null)
            LookAround();
    }

    /// <summary>A silo as the coordinator sees it.</summary>
    private sealed class Member(SimulatedSilo silo, double measured, TimeProvider time)
    {
        public SimulatedSilo Silo => silo;

        /// <summary>Whether it takes part, as far as is known.</summary>
        public bool Known { get; set; } = true;

        public List<(SimulatedBlock Attempt, WorkHeard Work)> Running { get; } = [];

        /// <summary>What the real coordinator's code knows of it.</summary>
        public SiloWork Work { get; } = new(silo.Name, measured, time);
    }
}
