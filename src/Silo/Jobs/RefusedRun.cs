using Distributed.Engine;
using Distributed.Engine.Timelines;

namespace Distributed.Silo.Jobs;

/// <summary>A run that could not begin: what the job was to read or write is not what it was.</summary>
internal sealed class RefusedRun(InputException why) : IJobRun
{
    public Task<RunEnd> Ended { get; } = Task.FromResult(new RunEnd(RunOutcome.Failed, [], why.Message, true));

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
