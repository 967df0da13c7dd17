using System.Diagnostics;
using Distributed.Engine.Checkpoints;
using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms.Sequential.Blocks;
using Distributed.Engine.Plan;
using Distributed.Engine.Ring;
using Distributed.Engine.Telemetry;
using Distributed.Engine.Timelines;
using Distributed.Kernels.Cpu;

namespace Distributed.Engine.FileJobs.Durable;

/// <summary>One block of a durable job: goes on from its checkpoint, and leaves its rows on disk.</summary>
internal sealed class DurableBlock : IBlockWatch<BlockWorker>
{
    private readonly DurableJobFolder _folder;
    private readonly JobPlan _plan;
    private readonly PlannedBlock _block;
    private LaneContext? _context;
    private SequentialBlock? _sequential;
    private BlockSaver? _saver;
    private BlockClock? _clock;
    private BlockView _view;
    private long _began;

    public DurableBlock(JobPlan plan, int block, DurableJobFolder folder)
    {
        (_plan, _block, _folder) = (plan, plan.Blocks[block], folder);
        Tally = folder.Finished(block);
        _view = BlockViews.Pending(plan, _block);
    }

    /// <summary>What it took; null until its rows are on disk.</summary>
    public BlockTally? Tally { get; private set; }

    public double CostDone => Tally?.Cost ?? _context?.CostDone ?? _sequential?.CostDone ?? 0;

    public long PairsSeen => Tally?.PairsSeen ?? _context?.PairsSeen ?? _sequential?.PairsSeen ?? 0;

    /// <summary>What it is doing or has done.</summary>
    public BlockView View => _view with
    {
        State = Tally is not null ? BlockState.Finished : _context is not null || _sequential is not null ? BlockState.Running : BlockState.Pending,
        Done = Tally is not null ? 1 : BlockViews.ShareDone(_plan, _block, CostDone),
        Began = _view.Began ?? Tally?.Began,
        Seconds = Seconds,
        Waiting = Timeline?.SecondsOf(BlockActivity.Waiting) ?? 0,
        Timeline = Timeline?.View() ?? Tally?.Timeline,
    };

    private BlockTimeline? Timeline => _clock?.Timeline ?? _sequential?.Timeline;

    private double Seconds => Tally?.Seconds ?? (_began == 0 ? 0 : Stopwatch.GetElapsedTime(_began).TotalSeconds);

    /// <summary>Computes it to its end. When it is cancelled it is saved, so that no work is lost.</summary>
    public async Task RunAsync(DurableRun run, CancellationToken cancellation)
    {
        using Activity? trace = EngineTraces.Block(_block.Index);
        _view = _view with { Attempts = _view.Attempts + 1, Began = run.SecondsSoFar() };
        using RowsFile rows = RowsFile.Create(_folder.RowsOf(_block.Index), _plan, _block);
        _began = Stopwatch.GetTimestamp();
        if (run.Sequential is { } sequential)
            await RunAsync(sequential.Block(_block.Index, rows), run, cancellation).ConfigureAwait(false);
        else
            await FoldAsync(run, rows, cancellation).ConfigureAwait(false);
        rows.Flush();
        var tally = new BlockTally(CostDone, PairsSeen, Seconds)
        {
            Began = _view.Began,
            Timeline = Timeline!.View(),
        };
        _folder.Finish(_block.Index, tally);
        Tally = tally;
    }

    private async Task FoldAsync(DurableRun run, RowsFile rows, CancellationToken cancellation)
    {
        _saver = new BlockSaver(_folder.CheckpointOf(_block.Index), run.Key, run.CheckpointInterval);
        using BlockWorker worker = _saver.Restore(
            [_folder.CheckpointOf(_block.Index)], () => Fresh(run, rows),
            (checkpoint, _) => File.Move(checkpoint, checkpoint + ".damaged", overwrite: true));
        try
        {
            _clock = new BlockClock(_block.Index, this);
            await BlockRun.ToEndAsync(worker, run.Tiles, run.Pool, _clock, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!worker.Finished)
        {
            // Every lane is between two folds.
            _saver.Save(worker);
            _context = null;
            throw;
        }
    }

    /// <summary>What it has given to other blocks stays; its rows are begun anew when it is stopped.</summary>
    private async Task RunAsync(SequentialBlock block, DurableRun run, CancellationToken cancellation)
    {
        _sequential = block;
        try
        {
            await block.RunAsync(run.Pool, cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _sequential = null;
            throw;
        }
    }

    /// <summary>Gives its finished rows to a sink.</summary>
    public void CopyTo(IAttentionSink sink) => RowsFile.CopyTo(_folder.RowsOf(_block.Index), _plan, _block, sink);

    public void Waits(int tile)
    {
    }

    public void Has(int tile, bool waited)
    {
    }

    public Task AbsorbedAsync(BlockWorker worker, int tile)
    {
        _saver!.SaveIfDue(worker);
        return Task.CompletedTask;
    }

    private BlockWorker Fresh(DurableRun run, RowsFile rows)
    {
        _context = new LaneContext(_plan, run.Input, CpuKernels.Best, run.Packed, rows) { KeepStates = true, Device = run.Device };
        return new BlockWorker(_context, _block, run.RowsPerLane);
    }
}
