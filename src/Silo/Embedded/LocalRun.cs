using Distributed.Engine;
using Distributed.Engine.Files;
using Distributed.Engine.Timelines;
using Distributed.Silo.Jobs;

namespace Distributed.Silo.Embedded;

/// <summary>A run in this process: what ends it, and how it ended.</summary>
#pragma warning disable CA1001 // A token source without a timer holds nothing to release, and a late call may stop the run.
internal abstract class LocalRun : IJobRun
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _stop = new();
    private volatile bool _cancelled;
    private Task<RunEnd>? _ended;

    public Task<RunEnd> Ended => _ended ?? throw new InvalidOperationException("The run has not begun.");

    public abstract RunProgress Progress { get; }

    public abstract Task<JobBlocks?> BlocksAsync();

    public void Suspend() => _stop.Cancel();

    public void Cancel()
    {
        _cancelled = true;
        _stop.Cancel();
    }

    /// <summary>Computes to the end.</summary>
    /// <returns>The files made.</returns>
    protected abstract Task<IReadOnlyList<string>> ComputeAsync(CancellationToken stop);

    /// <summary>Begins; called once, when the run is ready.</summary>
    protected void Begin() => _ended = Task.Run(RunAsync);

    private async Task<RunEnd> RunAsync()
    {
        try
        {
            return new RunEnd(RunOutcome.Finished, await ComputeAsync(_stop.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return new RunEnd(_cancelled ? RunOutcome.Cancelled : RunOutcome.Stopped, []);
        }
#pragma warning disable CA1031 // Whatever ends the run is the job's end, and is told to its owner.
        catch (Exception error)
#pragma warning restore CA1031
        {
            return _cancelled ? new RunEnd(RunOutcome.Cancelled, [])
                : DiskFullException.Is(error) ? new RunEnd(RunOutcome.DiskFull, [], error.Message)
                : new RunEnd(RunOutcome.Failed, [], error.Message, error is InputException);
        }
    }
}
