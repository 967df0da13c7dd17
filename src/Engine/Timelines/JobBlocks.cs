namespace Distributed.Engine.Timelines;

/// <summary>What the blocks of a job are doing and have done.</summary>
/// <param name="Plan">The job's plan.</param>
/// <param name="Seconds">Seconds since the blocks were begun with.</param>
/// <param name="Blocks">The blocks in ring order.</param>
/// <param name="Losses">What was lost, in the order it happened.</param>
public sealed record JobBlocks(
    PlanView Plan, double Seconds, IReadOnlyList<BlockView> Blocks, IReadOnlyList<LossView> Losses);

/// <summary>A block of a job.</summary>
/// <param name="Index">Its place in the ring.</param>
/// <param name="FirstRow">Its first query row.</param>
/// <param name="Rows">Its query rows.</param>
/// <param name="Share">Its share of the job's estimated work, 0 to 1.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Done">Estimated share of its own work that is done, 0 to 1.</param>
public sealed record BlockView(int Index, long FirstRow, long Rows, double Share, BlockState State, double Done)
{
    /// <summary>The silo that computes it or has computed it; null on one machine, and while none does.</summary>
    public string? Silo { get; init; }

    /// <summary>Attempts so far.</summary>
    public int Attempts { get; init; }

    /// <summary>Seconds from the begin of the blocks to that of its latest attempt; null before the first.</summary>
    public double? Began { get; init; }

    /// <summary>Seconds that its latest attempt has taken.</summary>
    public double Seconds { get; init; }

    /// <summary>Seconds of those that it waited for keys and values.</summary>
    public double Waiting { get; init; }

    /// <summary>What its latest attempt did when; null before it is known.</summary>
    public TimelineView? Timeline { get; init; }
}

/// <summary>Where a block stands.</summary>
public enum BlockState
{
    /// <summary>Nobody computes it yet.</summary>
    Pending,

    /// <summary>It is being computed.</summary>
    Running,

    /// <summary>Its rows are there.</summary>
    Finished,
}

/// <summary>An attempt of a block that was lost.</summary>
/// <param name="At">Seconds from the begin of the blocks.</param>
/// <param name="Block">The block.</param>
/// <param name="Silo">The silo.</param>
/// <param name="Reason">Why.</param>
/// <param name="Redone">Share of the job's work that had to be done again for it; null while that is not known.</param>
public sealed record LossView(double At, int Block, string Silo, string Reason, double? Redone);
