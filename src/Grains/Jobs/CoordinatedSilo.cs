using Distributed.Grains.Blocks;
using Distributed.Grains.Silos;

namespace Distributed.Grains.Jobs;

/// <summary>A silo that takes part in a job.</summary>
/// <param name="info">What it can do.</param>
internal sealed class CoordinatedSilo(SiloInfo info)
{
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public SiloInfo Info => info;

    public string Name => info.Peer.Name;

    public List<RunningAttempt> Running { get; } = [];

    /// <summary>Parts of the second pass that it has at hand.</summary>
    public int Parts { get; set; }

    /// <summary>Whether it has not gone from the cluster.</summary>
    public bool Alive => !_gone.Task.IsCompleted;

    public double LastFinished { get; set; }

    /// <summary>What is known of its work.</summary>
    public SiloWork Work { get; } = new(info.Peer.Name, info.Speed, TimeProvider.System);

    public void Leave() => _gone.TrySetResult();

    /// <summary>A call that is not waited for any longer when the silo is gone.</summary>
    /// <returns>Its answer; null when there will be none.</returns>
    public async Task<BlockStatus?> OrGone(Task<BlockStatus> call)
    {
        await OrGone((Task)call);
        return call.IsCompleted ? await call : null;
    }

    /// <summary>A call that is not waited for any longer when the silo is gone.</summary>
    public async Task OrGone(Task call)
    {
        await Task.WhenAny(call, _gone.Task);
        if (call.IsCompleted)
            await call;
    }
}
