using Distributed.Engine;
using Distributed.Engine.FileJobs;
using Distributed.Engine.Files;
using Distributed.Grains.Blocks;
using Distributed.Grains.Hosting;
using Distributed.Grains.Placement;
using Distributed.Grains.Telemetry;

namespace Distributed.Grains.Jobs;

/// <content>Attempts at blocks: how they are given out, followed, and given up.</content>
internal sealed partial class JobCoordinator
{
    private static bool IsFull(CoordinatedSilo silo) => !silo.Alive || silo.Running.Count >= silo.Info.BlocksAtOnce + BlocksAhead;

    /// <summary>Follows what a silo computes already, and fills its free places.</summary>
    private void Employ(CoordinatedSilo silo, OpenJob job, FileJobOutput output)
    {
        foreach (RunningAttempt adopted in silo.Running.Where(attempt => !attempt.Followed).ToArray())
        {
            adopted.Followed = true;
            _tally.Begin(adopted);
            _following.Add(FollowAsync(adopted, null, job, output));
        }
        // Blocks that wait for one another's memories are all begun: none then waits for one that has no place.
        int most = job.Plan.Mechanism.HasScores ? silo.Info.BlocksAtOnce + BlocksAhead : int.MaxValue;
        while (silo.Running.Count < most && _schedule.Next(silo.Name) is { } block)
        {
            int number = NextAttempt();
            string key = NamedSilo.Key(silo.Name, $"{_job:n}|{block}|{number}");
            var attempt = new RunningAttempt(silo, block, number, key) { Followed = true };
            silo.Running.Add(attempt);
            _tally.Begin(attempt);
            silo.Work.Begin();
            _following.Add(FollowAsync(attempt, Assignment(block, number), job, output));
        }
    }

    /// <summary>A number that no other attempt of the job has, higher than those of earlier coordinators.</summary>
    private int NextAttempt() => _attempts < AttemptsPerEpoch && _ticket.Epoch < int.MaxValue / AttemptsPerEpoch
        ? _ticket.Epoch * AttemptsPerEpoch + _attempts++
        : throw new IOException(
            $"The job has had {_ticket.Epoch} coordinators, and {_attempts} attempts at its blocks by the last of them, which is more than can be told apart.");

    private BlockAssignment Assignment(int block, int attempt)
    {
        SiloPeer[] peers = [.. _silos.Values.Where(silo => silo.Alive).Select(silo => silo.Info.Peer)];
        return new BlockAssignment(
            _ticket, block, attempt, peers, [.. _schedule.Homes.Select(home => Array.FindIndex(peers, peer => peer.Name == home))]);
    }

    private async Task FollowAsync(RunningAttempt attempt, BlockAssignment? start, OpenJob job, FileJobOutput output)
    {
        IBlockGrain grain = _grains.GetGrain<IBlockGrain>(attempt.Key);
        bool started = start is null;
        while (attempt.Silo.Alive && !_stop.IsCancellationRequested)
        {
            try
            {
                if (!started)
                    await attempt.Silo.OrGone(grain.StartAsync(start!));
                started = true;
                if (await attempt.Silo.OrGone(grain.WatchAsync()) is { } status && status.Phase != BlockPhase.Unknown)
                    attempt.Status = status;
                else
                    break;
                if (attempt.Status.Phase is not (BlockPhase.Running or BlockPhase.Waiting))
                    break;
            }
            catch (SupersededException superseded)
            {
                _failure = superseded;
                return;
            }
            catch (Exception error) when (CallFailure.Is(error))
            {
                // Its silo does not answer. Either it will, or its death will be declared.
                await Task.Delay(Tick);
            }
            catch (Exception error)
            {
                // It answers, but cannot begin: it does not see the input, or its disk is full.
                attempt.Status = attempt.Status with
                {
                    Phase = BlockPhase.Failed,
                    Error = error.Message,
                    IsInputError = error is InputException,
                    IsDiskFull = DiskFullException.Is(error),
                };
                break;
            }
        }
        attempt.Silo.Running.Remove(attempt);
        attempt.Silo.Work.Remove(attempt.Work);
        if (attempt.Status.Phase == BlockPhase.Finished)
            await FinishAsync(attempt, job, output);
        else if (!_stop.IsCancellationRequested)
            GiveUp(attempt);
        if (!attempt.Silo.Alive)
            return;
        // Work is saved as long as it may be gone on with.
        Task stopping = attempt.Silo.OrGone(grain.StopAsync(saves: !_cancelled));
        if (_paused)
            await stopping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        else
            _ = stopping.ContinueWith(stopped => stopped.Exception, TaskScheduler.Default);
    }

    private async Task FinishAsync(RunningAttempt attempt, OpenJob job, FileJobOutput output)
    {
        var block = new FinishedBlock(
            attempt.Block, attempt.Attempt, attempt.Silo.Name, attempt.Status.CostDone, attempt.Status.PairsSeen,
            attempt.Status.SecondsWaiting, attempt.Status.Seconds)
        {
            Began = Math.Max(0, (DateTimeOffset.UtcNow - _record.Submitted).TotalSeconds - attempt.Status.Seconds),
            Timeline = attempt.Status.Timeline,
        };
        await Task.Run(() =>
        {
            _engine.Store.Finish(_job, block);
            foreach (string checkpoint in _engine.Store.CheckpointsOf(_job, block.Block).ToArray())
                File.Delete(checkpoint);
        });
        _schedule.Finish(block.Block);
        _tally.Finish(block, attempt);
        Copy(job, output, block);
    }

    private void GiveUp(RunningAttempt attempt)
    {
        LogLost(_log, attempt.Attempt, attempt.Block, attempt.Silo.Name, attempt.Status.Phase, attempt.Status.Error);
        if (attempt.Status.Phase == BlockPhase.Failed)
            _failure = WhyNotAgain(attempt);
        GrainsMetrics.GaveUp(siloLost: !attempt.Silo.Alive);
        _tally.Lose(attempt);
        _schedule.Lose(attempt.Block);
    }

    /// <summary>Why a block whose attempt failed is not given to another one; null when it is.</summary>
    private Exception? WhyNotAgain(RunningAttempt attempt)
    {
        string why = attempt.Status.Error!;
        return attempt.Status.IsInputError ? new InputException(why)
            : attempt.Status.IsDiskFull ? new DiskFullException(why)
            : ++_failures > FailuresTaken ? new IOException($"Block {attempt.Block} failed {_failures} times, at last so: {why}")
            : _failure;
    }
}
