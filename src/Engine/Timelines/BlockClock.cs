using System.Diagnostics;
using Distributed.Engine.Ring;
using Distributed.Engine.Telemetry;

namespace Distributed.Engine.Timelines;

/// <summary>Keeps the time of one block as it runs: for people (<see cref="BlockTimeline"/>), for metrics and for traces.</summary>
/// <param name="block">The block.</param>
/// <param name="inner">Told of everything too; null = nobody.</param>
public sealed class BlockClock(int block, IBlockWatch<BlockWorker>? inner = null) : IBlockWatch<BlockWorker>
{
    private static readonly TimeSpan LeastStretch = TimeSpan.FromSeconds(2);

    private readonly ActivityContext _trace = Activity.Current?.Context ?? default;
    private long _since, _stretchSince;
    private int _stretchFirst, _stretchSteps;
    private double _stretchWaited;

    /// <summary>What the block did when.</summary>
    public BlockTimeline Timeline { get; } = new();

    /// <inheritdoc/>
    public void Waits(int tile)
    {
        _since = Stopwatch.GetTimestamp();
        if (_stretchSteps == 0)
            (_stretchSince, _stretchFirst) = (_since, tile);
        Timeline.Turn(BlockActivity.Waiting);
        inner?.Waits(tile);
    }

    /// <inheritdoc/>
    public void Has(int tile, bool waited)
    {
        if (waited)
        {
            double seconds = Stopwatch.GetElapsedTime(_since).TotalSeconds;
            EngineMetrics.Waited(seconds);
            _stretchWaited += seconds;
        }
        _since = Stopwatch.GetTimestamp();
        Timeline.Turn(BlockActivity.Computing);
        inner?.Has(tile, waited);
    }

    /// <inheritdoc/>
    public async Task AbsorbedAsync(BlockWorker worker, int tile)
    {
        ArgumentNullException.ThrowIfNull(worker);
        EngineMetrics.Stepped(Stopwatch.GetElapsedTime(_since).TotalSeconds);
        _stretchSteps++;
        if (worker.Finished || Stopwatch.GetElapsedTime(_stretchSince) >= LeastStretch)
        {
            EngineTraces.Steps(
                _trace, block, _stretchFirst, tile, _stretchSteps, Stopwatch.GetElapsedTime(_stretchSince), _stretchWaited);
            (_stretchSteps, _stretchWaited) = (0, 0);
        }
        Timeline.Turn(BlockActivity.Saving);
        if (inner is not null)
            await inner.AbsorbedAsync(worker, tile).ConfigureAwait(false);
        Timeline.Turn(BlockActivity.Idle);
    }
}
