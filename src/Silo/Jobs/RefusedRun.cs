using Distributed.Engine.Timelines;

namespace Distributed.Silo.Jobs;

/// <summary>A run that could not begin: an input is not what it was, or the disk failed.</summary>
internal sealed class RefusedRun(RunEnd end) : IJobRun
{
    public Task<RunEnd> Ended { get; } = Task.FromResult(end);

    public RunProgress Progress { get; } = new();

    public Task<JobBlocks?> BlocksAsync() => Task.FromResult<JobBlocks?>(null);

    public void Suspend()
    {
        // It has ended.
    }

    public void Cancel()
    {
        // It has ended.
    }
}
