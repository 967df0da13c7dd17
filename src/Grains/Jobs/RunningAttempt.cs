using System.Diagnostics;
using Distributed.Grains.Blocks;

namespace Distributed.Grains.Jobs;

/// <summary>An attempt of a block that a coordinator follows.</summary>
/// <param name="member">The silo it runs on.</param>
/// <param name="block">The block.</param>
/// <param name="attempt">The attempt.</param>
/// <param name="key">Key of its grain.</param>
internal sealed class RunningAttempt(CoordinatedSilo member, int block, int attempt, string key)
{
    public CoordinatedSilo Silo => member;

    public int Block => block;

    public int Attempt => attempt;

    public string Key => key;

    /// <summary>Whether the coordinator follows it yet.</summary>
    public bool Followed { get; set; }

    /// <summary>What was last heard of it.</summary>
    public BlockStatus Status { get; set; } = new() { Phase = BlockPhase.Waiting };
}

/// <summary>A silo that takes part in a job.</summary>
/// <param name="info">What it can do.</param>
internal sealed class CoordinatedSilo(Silos.SiloInfo info)
{
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Silos.SiloInfo Info => info;

    public string Name => info.Peer.Name;

    public List<RunningAttempt> Running { get; } = [];

    /// <summary>Ends when the silo is gone from the cluster.</summary>
    public Task Gone => _gone.Task;

    public bool Alive => !_gone.Task.IsCompleted;

    public double LastFinished { get; set; }

    /// <summary>Cost of the blocks it has finished for this coordinator.</summary>
    public double CostFinished { get; set; }

    /// <summary>When it got its first block.</summary>
    public long Began { get; set; }

    /// <summary>Cost a second that it has shown; null before it has shown any.</summary>
    public double? SpeedShown
    {
        get
        {
            double cost = CostFinished + Running.Sum(attempt => attempt.Status.CostDone - attempt.Status.CostRestored);
            double seconds = Began == 0 ? 0 : Stopwatch.GetElapsedTime(Began).TotalSeconds;
            return SpeedEstimate.Shown(cost, seconds);
        }
    }

    public void Leave() => _gone.TrySetResult();
}
