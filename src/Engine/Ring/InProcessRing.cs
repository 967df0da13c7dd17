using System.Diagnostics;
using Distributed.Engine.Compute;
using Distributed.Engine.Telemetry;
using Distributed.Engine.Tiles;
using Distributed.Engine.Timelines;

namespace Distributed.Engine.Ring;

/// <summary>
/// Runs a job's blocks in this process. Each block pulls its tiles at its own pace, the next one while it computes on the
/// present one; there is no barrier between the steps of different blocks.
/// </summary>
internal static class InProcessRing
{
    /// <summary>Blocks at work at a time: enough to keep the threads busy, few enough to bound the states in memory.</summary>
    public const int BlocksPerThread = 2;

    /// <summary>Runs all blocks to their end.</summary>
    public static Task RunAsync(
        LaneContext context, ITileSource source, ComputePool pool, int rowsPerLane, CancellationToken cancellation)
    {
        var parallel = new ParallelOptions
        {
            MaxDegreeOfParallelism = pool.Threads * BlocksPerThread,
            CancellationToken = cancellation,
        };
        return Parallel.ForEachAsync(context.Plan.Blocks, parallel, async (block, cancelled) =>
        {
            using Activity? trace = EngineTraces.Block(block.Index);
            using var worker = new BlockWorker(context, block, rowsPerLane);
            await BlockRun.ToEndAsync(worker, source, pool, new BlockClock(block.Index), cancelled).ConfigureAwait(false);
        });
    }
}
