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

    /// <summary>Its work, as far as is known.</summary>
    public WorkHeard Work { get; } = member.Work.Add(block);

    /// <summary>Whether the coordinator follows it yet.</summary>
    public bool Followed { get; set; }

    /// <summary>What was last heard of it.</summary>
    public BlockStatus Status
    {
        get;
        set
        {
            field = value;
            Work.Hear(value.Phase == BlockPhase.Running, value.CostDone, value.CostRestored);
        }
    } = new() { Phase = BlockPhase.Waiting };

    /// <summary>Seconds since the attempt had its place, as far as is known; null while it waits for one.</summary>
    public double? Age => Status.Phase == BlockPhase.Waiting ? null : Status.Seconds + Work.SecondsSince;
}
