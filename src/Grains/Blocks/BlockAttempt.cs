using System.Diagnostics;
using Distributed.Engine;
using Distributed.Engine.Checkpoints;
using Distributed.Engine.Files;
using Distributed.Engine.Mechanisms.Sequential.Blocks;
using Distributed.Engine.Ring;
using Distributed.Engine.Telemetry;
using Distributed.Engine.Tiles;
using Distributed.Engine.Timelines;
using Distributed.Grains.Hosting;
using Distributed.Grains.Jobs;
using Distributed.Grains.Telemetry;
using Distributed.Kernels.Cpu;
using Microsoft.Extensions.Logging;

namespace Distributed.Grains.Blocks;

/// <summary>
/// One attempt of a block on this silo: goes on from the block's latest good checkpoint, pulls and computes to the end,
/// and leaves the rows in a file of its own. Where memories pass from block to block, it begins anew with those.
/// </summary>
#pragma warning disable CA1001 // A token source without a timer holds nothing to release, and several may stop the attempt.
internal sealed partial class BlockAttempt : IBlockWatch<BlockWorker>
#pragma warning restore CA1001
{
    private readonly SiloEngine _engine;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _run;
    private LaneContext? _context;
    private SequentialBlock? _sequential;
    private readonly BlockSaver _saver;
    private long _began, _waitsSince, _waited;
    private volatile bool _saves;
    private BlockClock? _clock;
    private volatile BlockStatus _status = new() { Phase = BlockPhase.Waiting };

    public BlockAttempt(SiloEngine engine, BlockAssignment assignment, ILogger<BlockAttempt> log)
    {
        (_engine, Assignment, _log) = (engine, assignment, log);
        _saver = new BlockSaver(
            engine.Store.CheckpointOf(assignment.Ticket.Job, assignment.Block, assignment.Attempt),
            JobStore.KeyOf(assignment.Ticket), engine.Options.CheckpointInterval);
        _run = Task.Run(RunAsync);
    }

    public BlockAssignment Assignment { get; }

    /// <summary>Ends when the attempt has its place, or has ended without one; it never throws.</summary>
    public Task Begun => _begun.Task;

    /// <summary>Ends when the attempt has; it never throws.</summary>
    public Task Ended => _run;

    public BlockStatus Status => _status with
    {
        CostDone = _context?.CostDone ?? _sequential?.CostDone ?? 0,
        PairsSeen = _context?.PairsSeen ?? _sequential?.PairsSeen ?? 0,
        SecondsWaiting = _sequential?.Timeline.SecondsOf(BlockActivity.Waiting) ?? TimeSpan.FromTicks(Interlocked.Read(ref _waited)).TotalSeconds,
        Seconds = _began == 0 ? 0 : Stopwatch.GetElapsedTime(_began).TotalSeconds,
        Timeline = (_clock?.Timeline ?? _sequential?.Timeline)?.View(),
    };

    public async Task StopAsync(bool saves)
    {
        _saves = saves;
        await _stop.CancelAsync().ConfigureAwait(false);
        await _run.ConfigureAwait(false);
    }

    public void Waits(int tile) => _waitsSince = Stopwatch.GetTimestamp();

    public void Has(int tile, bool waited)
    {
        if (waited)
            Interlocked.Add(ref _waited, Stopwatch.GetElapsedTime(_waitsSince).Ticks);
    }

    public Task AbsorbedAsync(BlockWorker worker, int tile)
    {
        double cost = _context!.CostDone;
        if (_saver.SaveIfDue(worker))
            _status = _status with { CostSaved = cost };
        return Task.CompletedTask;
    }

    private async Task RunAsync()
    {
        GrainsMetrics.Begins();
        using Activity? trace = EngineTraces.Block(Assignment.Block)?
            .SetTag("attend.attempt", Assignment.Attempt).SetTag("attend.silo", _engine.Name);
        try
        {
            using OpenJob job = _engine.Use(Assignment.Ticket.Job);
            using RowsFile rows = await ComputeAsync(job).ConfigureAwait(false);
            rows.Flush();
            _status = _status with { Phase = BlockPhase.Finished };
        }
        catch (OperationCanceledException)
        {
            _status = _status with { Phase = BlockPhase.Stopped };
        }
#pragma warning disable CA1031 // Whatever ends the attempt is the coordinator's to know and to act on.
        catch (Exception error)
#pragma warning restore CA1031
        {
            LogFailed(_log, Assignment.Block, Assignment.Attempt, error);
            _status = _status with
            {
                Phase = BlockPhase.Failed,
                Error = error.Message,
                IsInputError = error is InputException,
                IsDiskFull = DiskFullException.Is(error),
            };
        }
        _begun.TrySetResult();
        GrainsMetrics.Ends(_status.Phase, Status.Seconds);
        if (_status.Error is { } failure)
            trace?.SetStatus(ActivityStatusCode.Error, failure);
    }

    /// <summary>Computes the block when there is a place for it. The next one has the place while the rows go to disk.</summary>
    private async Task<RowsFile> ComputeAsync(OpenJob job)
    {
        if (job.Sequential is { } sequential)
            return await BeginAsync(job, rows => (_sequential = sequential.Block(Assignment.Block, rows)).RunAsync(_engine.Pool, _stop.Token)).ConfigureAwait(false);
        await job.Places.WaitAsync(_stop.Token).ConfigureAwait(false);
        try
        {
            return await BeginAsync(job, rows => ComputeAsync(job, rows)).ConfigureAwait(false);
        }
        finally
        {
            job.Places.Release();
        }
    }

    private async Task<RowsFile> BeginAsync(OpenJob job, Func<RowsFile, Task> compute)
    {
        _began = Stopwatch.GetTimestamp();
        _status = _status with { Phase = BlockPhase.Running };
        _begun.TrySetResult();
        RowsFile rows = RowsFile.Create(
            _engine.Store.RowsOf(job.Ticket.Job, Assignment.Block, Assignment.Attempt), job.Plan, job.Plan.Blocks[Assignment.Block]);
        try
        {
            await compute(rows).ConfigureAwait(false);
            return rows;
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    private async Task ComputeAsync(OpenJob job, RowsFile rows)
    {
        using BlockWorker worker = Restore(job, rows);
        string self = _engine.Name;
        TilePeer[] peers = [.. Assignment.Silos.Select(silo => new TilePeer(silo.Name, silo.TileEndpoint))];
        var map = new RingMap(self, [.. Assignment.Homes.Select(home => home < 0 ? null : peers[home])]);
        ITileSource source = job.Tiles.SourceFor(Assignment.Block, Assignment.Attempt, () => map);
        _clock = new BlockClock(Assignment.Block, this);
        try
        {
            await BlockRun.ToEndAsync(worker, source, _engine.Pool, _clock, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested && !worker.Finished && _saves)
        {
            // Another attempt goes on from here; the lanes are all between two folds.
            _saver.Save(worker);
            throw;
        }
    }

    private BlockWorker Restore(OpenJob job, RowsFile rows)
    {
        BlockWorker worker = _saver.Restore(
            _engine.Store.CheckpointsOf(job.Ticket.Job, Assignment.Block), () => Fresh(job, rows),
            (checkpoint, why) => LogRefused(_log, checkpoint, why));
        double cost = _context!.CostDone;
        _status = _status with { CostRestored = cost, CostSaved = cost };
        return worker;
    }

    private BlockWorker Fresh(OpenJob job, RowsFile rows)
    {
        _context = new LaneContext(
            job.Plan, job.Input, CpuKernels.Best,
            job.Packed, rows)
        { KeepStates = true, Device = job.Device };
        return new BlockWorker(_context, job.Plan.Blocks[Assignment.Block], job.Ticket.RowsPerLane);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Attempt {Attempt} of block {Block} failed.")]
    private static partial void LogFailed(ILogger log, int block, int attempt, Exception why);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Checkpoint {File} is left aside: {Why}")]
    private static partial void LogRefused(ILogger log, string file, string why);
}
