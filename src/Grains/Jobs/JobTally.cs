using System.Diagnostics;
using Distributed.Engine;
using Distributed.Engine.Plan;
using Distributed.Engine.Timelines;
using Distributed.Grains.Blocks;
using Distributed.Grains.Telemetry;

namespace Distributed.Grains.Jobs;

/// <summary>Keeps count of a job for people: what is done, by whom, what was lost and done again.</summary>
/// <param name="job">The job.</param>
/// <param name="record">Its record.</param>
internal sealed class JobTally(Guid job, JobRecord record)
{
    private readonly JobChronicle _chronicle = new(record.Submitted);
    private readonly Dictionary<int, FinishedBlock> _finished = [];
    private readonly Dictionary<int, (double Done, double Saved)> _lost = [];
    private readonly long _began = Stopwatch.GetTimestamp();
    private double _cost, _redone, _unsaved;
    private JobPlan? _plan;
    private int _epoch, _attemptsLost;
    private JobState _state = JobState.Waiting;
    private Func<double> _secondPass = () => 0;
    private double _secondShare;
    private (string? Error, bool IsInput, double Seconds) _end;

    /// <summary>Time since this coordinator began.</summary>
    public TimeSpan SinceBegin => Stopwatch.GetElapsedTime(_began);

    /// <summary>What its blocks are doing; null before there is a plan.</summary>
    public JobBlocks? Blocks => _chronicle.Look();

    public void Begin(RunningAttempt attempt) => _chronicle.Begin(attempt);

    public void Begin(int epoch) => (_epoch, _state) = (epoch, JobState.Running);

    /// <summary>Counts a second pass as a part of the job.</summary>
    /// <param name="done">Tells its share that is done.</param>
    /// <param name="share">Its share of the job.</param>
    public void Follow(Func<double> done, double share) => (_secondPass, _secondShare) = (done, share);

    public void Plan(JobPlan plan, IEnumerable<FinishedBlock> finished)
    {
        _cost = plan.Cost * plan.Shape.Batch * plan.Shape.QueryHeads;
        _plan = plan;
        foreach (FinishedBlock block in finished)
            _finished[block.Block] = block;
        _chronicle.Plan(plan, _finished.Values);
    }

    public void Finish(FinishedBlock block, RunningAttempt attempt)
    {
        _finished[block.Block] = block;
        _chronicle.Finish(block);
        attempt.Silo.Work.Finish(block.CostDone - attempt.Status.CostRestored);
        attempt.Silo.LastFinished = SinceBegin.TotalSeconds;
        Settle(attempt);
    }

    public void Lose(RunningAttempt attempt)
    {
        Settle(attempt);
        _attemptsLost++;
        _chronicle.Lose(attempt);
        _lost[attempt.Block] = (attempt.Status.CostDone, attempt.Status.CostSaved);
    }

    public void End(JobState state, Exception? error)
    {
        _end = (error?.Message, error is InputException, (DateTimeOffset.UtcNow - record.Submitted).TotalSeconds);
        _state = state;
    }

    public JobInfo Info(IEnumerable<CoordinatedSilo> silos)
    {
        RunningAttempt[] running = [.. silos.SelectMany(silo => silo.Running)];
        long pairs = _finished.Values.Sum(block => block.PairsSeen) + running.Sum(attempt => attempt.Status.PairsSeen);
        double done = _finished.Values.Sum(block => block.CostDone) + running.Sum(attempt => attempt.Status.CostDone);
        double share = _state == JobState.Finished ? 1 : _cost == 0 ? 0 : Math.Min(1, done / _cost);
        bool ended = _state is not (JobState.Waiting or JobState.Running);
        return new JobInfo
        {
            Id = job,
            State = _state,
            Error = _end.Error,
            IsInputError = _end.IsInput,
            Done = _state == JobState.Finished ? 1 : (1 - _secondShare) * share + _secondShare * _secondPass(),
            PairsSeen = pairs,
            Flops = _plan?.OperationsDone(pairs, share) ?? 0,
            Seconds = ended ? _end.Seconds : (DateTimeOffset.UtcNow - record.Submitted).TotalSeconds,
            Blocks = record.Blocks,
            BlocksFinished = _finished.Count,
            AttemptsLost = _attemptsLost,
            Redone = _cost == 0 ? 0 : _redone / _cost,
            Unsaved = _cost == 0 ? 0 : _unsaved / _cost,
            Coordinators = _epoch,
            Silos = [.. silos.Select(silo => Share(silo))],
        };
    }

    /// <summary>Counts what an attempt had to do again, of what the one before it had done.</summary>
    private void Settle(RunningAttempt attempt)
    {
        if (!_lost.Remove(attempt.Block, out (double Done, double Saved) before))
            return;
        double redone = Math.Max(0, Math.Min(before.Done, attempt.Status.CostDone) - attempt.Status.CostRestored);
        _redone += redone;
        _chronicle.Redone(attempt.Block, _cost == 0 ? 0 : redone / _cost);
        GrainsMetrics.DidAgain(redone);
        _unsaved += Math.Max(0, before.Done - before.Saved);
    }

    private SiloShare Share(CoordinatedSilo silo)
    {
        FinishedBlock[] of = [.. _finished.Values.Where(block => block.Silo == silo.Name)];
        double seconds = of.Sum(block => block.Seconds);
        return new SiloShare
        {
            Silo = silo.Name,
            Alive = silo.Alive,
            Running = silo.Running.Count(attempt => attempt.Status.Phase == BlockPhase.Running) + silo.Parts,
            Finished = of.Length,
            Waiting = seconds == 0 ? 0 : of.Sum(block => block.SecondsWaiting) / seconds,
            LastFinished = silo.LastFinished,
        };
    }
}
