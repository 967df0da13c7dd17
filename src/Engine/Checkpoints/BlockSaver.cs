using System.Diagnostics;
using Distributed.Engine.Ring;

namespace Distributed.Engine.Checkpoints;

/// <summary>
/// Saves a block at its <see cref="CheckpointPace"/>, and takes it up from where it was saved.
/// </summary>
/// <param name="path">The checkpoint's file.</param>
/// <param name="key">What checkpoints must have in common to be of one job (<see cref="BlockCheckpoint"/>).</param>
/// <param name="interval">Time between checkpoints.</param>
public sealed class BlockSaver(string path, ReadOnlyMemory<byte> key, TimeSpan interval)
{
    private readonly CheckpointPace _pace = new(interval, TimeProvider.System);

    /// <summary>Makes a worker that goes on from the first good checkpoint, or from nothing.</summary>
    /// <param name="checkpoints">Files that may hold one, the best first.</param>
    /// <param name="fresh">Makes a worker that has seen no tile.</param>
    /// <param name="refused">Told of each checkpoint that cannot be used, and why.</param>
    public BlockWorker Restore(IEnumerable<string> checkpoints, Func<BlockWorker> fresh, Action<string, string> refused)
    {
        ArgumentNullException.ThrowIfNull(checkpoints);
        ArgumentNullException.ThrowIfNull(fresh);
        ArgumentNullException.ThrowIfNull(refused);
        foreach (string checkpoint in checkpoints)
        {
            BlockWorker worker = fresh();
            try
            {
                if (BlockCheckpoint.TryRestore(checkpoint, key, worker))
                    return worker;
            }
            catch (Exception error) when (error is InvalidDataException or IOException)
            {
                refused(checkpoint, error.Message);
            }
            worker.Dispose();
        }
        return fresh();
    }

    /// <summary>Saves the worker if it is time to. None of its lanes may be at work.</summary>
    /// <returns>Whether it was saved.</returns>
    /// <exception cref="IOException">The disk failed; an older checkpoint is still there.</exception>
    public bool SaveIfDue(BlockWorker worker)
    {
        ArgumentNullException.ThrowIfNull(worker);
        if (worker.Finished || !_pace.Due)
            return false;
        Save(worker);
        return true;
    }

    /// <summary>Saves the worker. None of its lanes may be at work.</summary>
    /// <exception cref="IOException">The disk failed; an older checkpoint is still there.</exception>
    public void Save(BlockWorker worker)
    {
        long started = Stopwatch.GetTimestamp();
        BlockCheckpoint.Write(path, key, worker);
        _pace.Saved(Stopwatch.GetElapsedTime(started));
    }
}
