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
    /// <summary>Of a silo that has not been heard for longer, nobody knows whether it is at work.</summary>
    private const double SecondsTrusted = 1;

    private long _heard = Stopwatch.GetTimestamp();

    public CoordinatedSilo Silo => member;

    public int Block => block;

    public int Attempt => attempt;

    public string Key => key;

    /// <summary>Whether the coordinator follows it yet.</summary>
    public bool Followed { get; set; }

    /// <summary>What was last heard of it.</summary>
    public BlockStatus Status
    {
        get;
        set
        {
            field = value;
            _heard = Stopwatch.GetTimestamp();
        }
    } = new() { Phase = BlockPhase.Waiting };

    /// <summary>Seconds since the attempt had its place, as far as is known; null while it waits for one.</summary>
    public double? Age => Status.Phase == BlockPhase.Waiting ? null : Status.Seconds + Stopwatch.GetElapsedTime(_heard).TotalSeconds;

    /// <summary>Cost that it has probably done by now: what was heard of, and what its silo has done since.</summary>
    /// <param name="speed">Cost a second that the silo does.</param>
    public double CostByNow(double speed)
    {
        if (Status.Phase != BlockPhase.Running)
            return Status.CostDone;
        int atWork = Math.Max(1, member.Running.Count(attempt => attempt.Status.Phase == BlockPhase.Running));
        return Status.CostDone + Math.Min(Stopwatch.GetElapsedTime(_heard).TotalSeconds, SecondsTrusted) * speed / atWork;
    }
}
