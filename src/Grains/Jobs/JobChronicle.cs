using Distributed.Engine.Plan;
using Distributed.Engine.Timelines;

namespace Distributed.Grains.Jobs;

/// <summary>Tells of each block of a job: who computes it, how far it is, what it did when, and what was lost.</summary>
/// <param name="submitted">When the job was taken on: the zero of all times, also for later coordinators.</param>
internal sealed class JobChronicle(DateTimeOffset submitted)
{
    private readonly Dictionary<int, BlockView> _blocks = [];
    private readonly Dictionary<int, RunningAttempt> _running = [];
    private readonly List<LossView> _losses = [];
    private JobPlan? _plan;
    private PlanView? _planView;

    private double Now => (DateTimeOffset.UtcNow - submitted).TotalSeconds;

    public void Plan(JobPlan plan, IEnumerable<FinishedBlock> finished)
    {
        foreach (FinishedBlock block in finished)
            _blocks[block.Block] = Finished(BlockViews.Pending(plan, plan.Blocks[block.Block]), block);
        _planView = PlanView.Of(plan);
        _plan = plan;
    }

    public void Begin(RunningAttempt attempt)
    {
        _running[attempt.Block] = attempt;
        BlockView before = Of(attempt.Block);
        _blocks[attempt.Block] = before with
        {
            State = BlockState.Running,
            Silo = attempt.Silo.Name,
            Attempts = before.Attempts + 1,
            Began = null,
        };
    }

    public void Finish(FinishedBlock block)
    {
        _running.Remove(block.Block);
        _blocks[block.Block] = Finished(Of(block.Block), block);
    }

    public void Lose(RunningAttempt attempt)
    {
        _running.Remove(attempt.Block);
        _losses.Add(new LossView(Now, attempt.Block, attempt.Silo.Name, Reason(attempt), null));
        BlockView before = Of(attempt.Block);
        _blocks[attempt.Block] = before with { State = BlockState.Pending, Silo = null, Timeline = null };
    }

    /// <summary>It is known what the loss of a block cost.</summary>
    public void Redone(int block, double share)
    {
        int loss = _losses.FindLastIndex(loss => loss.Block == block);
        if (loss >= 0)
            _losses[loss] = _losses[loss] with { Redone = share };
    }

    /// <summary>All of it as it is now; null before there is a plan.</summary>
    public JobBlocks? Look() => _plan is null ? null : new JobBlocks(
        _planView!, Now, [.. _plan.Blocks.Select(block => _running.TryGetValue(block.Index, out RunningAttempt? attempt)
            ? Running(Of(block.Index), block, attempt)
            : Of(block.Index))], [.. _losses]);

    private BlockView Of(int block) => _blocks.TryGetValue(block, out BlockView? view) ? view : BlockViews.Pending(_plan!, _plan!.Blocks[block]);

    private BlockView Running(BlockView view, PlannedBlock block, RunningAttempt attempt) => view with
    {
        Done = BlockViews.ShareDone(_plan!, block, attempt.Status.CostDone),
        Began = Now - attempt.Age,
        Seconds = attempt.Status.Seconds,
        Waiting = attempt.Status.SecondsWaiting,
        Timeline = attempt.Status.Timeline,
    };

    private static BlockView Finished(BlockView view, FinishedBlock block) => view with
    {
        State = BlockState.Finished,
        Done = 1,
        Silo = block.Silo,
        Attempts = Math.Max(1, view.Attempts),
        Began = block.Began,
        Seconds = block.Seconds,
        Waiting = block.SecondsWaiting,
        Timeline = block.Timeline,
    };

    private static string Reason(RunningAttempt attempt) => attempt.Silo.Alive
        ? attempt.Status.Error ?? "The silo does not know it any more."
        : "The silo was lost.";
}
