namespace Distributed.Silo.Jobs;

/// <summary>A job in memory: its record as it is on disk, the run that computes it, and how it looks from outside.</summary>
internal sealed class Job
{
    private readonly Lock _lock = new();
    private readonly RateMeter _meter = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private JobSnapshot _snapshot;
    private long _revision;

    public Job(JobRecord record)
    {
        Record = record;
        _revision = record.Revision;
        _snapshot = new JobSnapshot(JobViews.Of(record, record.Progress, _meter, null, _revision));
    }

    public Guid Id => Record.Id;

    /// <summary>Held while the record changes, so that changes come one after the other.</summary>
    public SemaphoreSlim Gate { get; } = new(1, 1);

    /// <summary>The record as it is on disk.</summary>
    public JobRecord Record { get; private set; }

    /// <summary>What computes it; null when nothing does.</summary>
    public IJobRun? Run { get; set; }

    /// <summary>Not to be started before; set when the disk was full.</summary>
    public DateTimeOffset NotBefore { get; set; }

    /// <summary>Whether it has been removed.</summary>
    public bool Removed { get; private set; }

    /// <summary>How it looks from outside.</summary>
    public JobSnapshot Snapshot
    {
        get
        {
            lock (_lock)
                return _snapshot;
        }
    }

    /// <summary>Ends with the next change.</summary>
    public Task Changed
    {
        get
        {
            lock (_lock)
                return _changed.Task;
        }
    }

    /// <summary>Seconds that the present run takes.</summary>
    public double RunSeconds => _meter.Seconds;

    /// <summary>Shows a record that is on disk now.</summary>
    public void Show(JobRecord record, string? waitsFor = null)
    {
        Record = record;
        if (!record.State.IsAtWork())
            _meter.Reset();
        else if (record.State == JobState.Running)
            _meter.Add(record.Progress);
        Publish(record.Progress, waitsFor, record.Revision);
    }

    /// <summary>Shows progress, or what the job waits for, if it is new.</summary>
    public void Show(RunProgress progress, string? waitsFor = null)
    {
        _meter.Add(progress);
        Publish(progress, waitsFor, 0);
    }

    /// <summary>Ends waiting for changes: the job is gone.</summary>
    public void Remove()
    {
        Removed = true;
        lock (_lock)
            _changed.TrySetResult();
    }

    private void Publish(RunProgress progress, string? waitsFor, long revision)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            JobStatus before = _snapshot.Status;
            JobStatus next = JobViews.Of(Record, progress, _meter, waitsFor, before.Revision);
            if (revision == 0 && LooksTheSame(before, next))
                return;
            _revision = revision > _revision ? revision : JobRecord.NextRevision(_revision, DateTimeOffset.UtcNow);
            _snapshot = new JobSnapshot(next with { Revision = _revision });
            (changed, _changed) = (_changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        changed.TrySetResult();
    }

    private static bool LooksTheSame(JobStatus one, JobStatus other) =>
        (one.WaitsFor, one.Done, one.Flops, one.Phase, one.Blocks, one.BlocksFinished, one.AttemptsLost, one.Coordinators)
            == (other.WaitsFor, other.Done, other.Flops, other.Phase, other.Blocks, other.BlocksFinished, other.AttemptsLost, other.Coordinators)
        && one.Silos.SequenceEqual(other.Silos);
}
