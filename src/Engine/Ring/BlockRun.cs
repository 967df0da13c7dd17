using Distributed.Engine.Compute;
using Distributed.Engine.Tiles;

namespace Distributed.Engine.Ring;

/// <summary>
/// Takes a block worker from where it is to its end: it pulls a tile, asks for the next one while the present one is
/// computed, and lets the block be saved between tiles.
/// </summary>
public static class BlockRun
{
    /// <summary>Runs a worker to its end.</summary>
    /// <typeparam name="TWorker">Who computes the block.</typeparam>
    /// <param name="worker">The worker.</param>
    /// <param name="source">Where it pulls from.</param>
    /// <param name="compute">Where it computes.</param>
    /// <param name="watch">Told what happens; it may save the block.</param>
    /// <param name="cancellation">Stops it between folds.</param>
    public static async Task ToEndAsync<TWorker>(
        TWorker worker, ITileSource source, ICompute compute, IBlockWatch<TWorker>? watch, CancellationToken cancellation)
        where TWorker : IBlockWorker
    {
        ArgumentNullException.ThrowIfNull(worker);
        ArgumentNullException.ThrowIfNull(source);
        Pull ahead = default;
        int? last = null;
        try
        {
            while (worker.NextTile(last) is { } next)
            {
                Task<IKeyValueTile> pull = ahead.Tile == next
                    ? ahead.Take()
                    : source.PullAsync(next, cancellation).AsTask();
                bool waited = !pull.IsCompleted;
                watch?.Waits(next);
                using (IKeyValueTile tile = await pull.ConfigureAwait(false))
                {
                    watch?.Has(next, waited);
                    if (ahead.Task is null && worker.TileAfter(next) is { } following)
                        ahead = new Pull(following, source.PullAsync(following, cancellation).AsTask());
                    await worker.AbsorbAsync(tile, compute, cancellation).ConfigureAwait(false);
                }
                last = next;
                if (watch is not null)
                    await watch.AbsorbedAsync(worker, next).ConfigureAwait(false);
            }
        }
        finally
        {
            await ahead.DropAsync().ConfigureAwait(false);
        }
    }

    private struct Pull(int tile, Task<IKeyValueTile> task)
    {
        public int? Tile { get; private set; } = tile;

        public Task<IKeyValueTile>? Task { get; private set; } = task;

        public Task<IKeyValueTile> Take()
        {
            Task<IKeyValueTile> taken = Task!;
            (Tile, Task) = (null, null);
            return taken;
        }

        /// <summary>Gives back a tile that nobody will use. Its failure, if it failed, is nobody's either.</summary>
        public readonly async Task DropAsync()
        {
            if (Task is null)
                return;
            await ((Task)Task).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (Task.IsCompletedSuccessfully)
                (await Task.ConfigureAwait(false)).Dispose();
        }
    }
}
