using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Engine.Timelines;

namespace Distributed.Engine.Mechanisms.Sequential.Blocks;

/// <summary>
/// Computes the rows of one block, and the memories behind its keys. A memory that was given to the others is never made again; of
/// the rows of a lost block all are.
/// </summary>
public sealed class SequentialBlock
{
    private readonly SequentialRun _run;
    private readonly PlannedBlock _block;
    private readonly WorkDone _done;
    private readonly SequentialJob _job;
    private int _atWork;

    internal SequentialBlock(SequentialRun run, PlannedBlock block, IAttentionSink sink)
    {
        (_run, _block, _done) = (run, block, new WorkDone(run.Plan));
        _job = new SequentialJob(run.Plan, run.Input, sink, _done);
    }

    /// <summary>Estimated cost of what was done so far, as the plan counts it, over all heads.</summary>
    public double CostDone => _done.Cost;

    /// <summary>(query, key) pairs done so far, inside the masks, over all heads.</summary>
    public long PairsSeen => _done.PairsSeen;

    /// <summary>What the block did when: it waits while none of its heads is at work.</summary>
    public BlockTimeline Timeline { get; } = new();

    /// <summary>Computes it to its end; then its memories are on disk.</summary>
    /// <param name="compute">Where it computes.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="IOException">The disk failed.</exception>
    public async Task RunAsync(ICompute compute, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(compute);
        Timeline.Turn(BlockActivity.Waiting);
        Func<ISequentialChain>[] chains = [.. _job.Chains(_run.Threads, (batch, keyHead) => new ChainLink(this, _run, _block, batch, keyHead))];
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, chains.Length), CancellationToken = cancellation };
        await Parallel.ForEachAsync(chains, parallel, async (make, cancelled) =>
        {
            await _run.Places.WaitAsync(cancelled).ConfigureAwait(false);
            Turn(1);
            try
            {
                using ISequentialChain chain = make();
                await chain.RunAsync(compute, cancelled).ConfigureAwait(false);
            }
            finally
            {
                Turn(-1);
                _run.Places.Release();
            }
        }).ConfigureAwait(false);
        if (chains.Length > 0)
            _run.Board.Flush(_block.Index);
        Timeline.Turn(BlockActivity.Idle);
    }

    /// <summary>Leaves the place of one head to others until something is there.</summary>
    internal async Task LeaveUntilAsync(Func<Task> there)
    {
        Turn(-1);
        _run.Places.Release();
        try
        {
            await there().ConfigureAwait(false);
        }
        finally
        {
            // Whoever holds a place gives it back, also when all are stopped.
            await _run.Places.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            Turn(1);
        }
    }

    private void Turn(int change)
    {
        lock (_done)
        {
            _atWork += change;
            Timeline.Turn(_atWork == 0 ? BlockActivity.Waiting : BlockActivity.Computing);
        }
    }
}
