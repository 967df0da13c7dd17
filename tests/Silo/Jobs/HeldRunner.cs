using System.Collections.Concurrent;
using Distributed.Engine.Timelines;
using Distributed.Silo.Jobs;

namespace Distributed.Silo.Tests.Jobs;

/// <summary>Computes nothing: a run ends when the test says so.</summary>
internal sealed class HeldRunner : IJobRunner
{
    public ConcurrentDictionary<Guid, HeldRun> Runs { get; } = [];

    public ConcurrentBag<Guid> Forgotten { get; } = [];

    public IReadOnlyList<Guid> Left { get; init; } = [];

    public Task<JobNeeds> ExamineAsync(Guid job, JobKind kind, string resolved) => Task.FromResult(new JobNeeds(null, 1, "nothing"));

    public IJobRun Start(JobRecord job) => Runs[job.Id] = new HeldRun();

    public IReadOnlyList<Guid> Kept() => Left;

    public Task ForgetAsync(Guid job)
    {
        Forgotten.Add(job);
        return Task.CompletedTask;
    }
}

/// <summary>A run that the test ends.</summary>
internal sealed class HeldRun : IJobRun
{
    private readonly TaskCompletionSource<RunEnd> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<RunEnd> Ended => _end.Task;

    public RunProgress Progress { get; } = new();

    public Task<JobBlocks?> BlocksAsync() => Task.FromResult<JobBlocks?>(null);

    public void End(RunOutcome outcome) => _end.TrySetResult(new RunEnd(outcome, []));

    public void Suspend() => End(RunOutcome.Stopped);

    public void Cancel() => End(RunOutcome.Cancelled);
}
