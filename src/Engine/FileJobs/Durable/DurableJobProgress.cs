namespace Distributed.Engine.FileJobs.Durable;

/// <summary>How far a durable job is.</summary>
/// <param name="Done">Estimated share of the work done, 0 to 1.</param>
/// <param name="Flops">Floating-point operations done, inside the masks.</param>
/// <param name="PairsSeen">(query, key) pairs done, inside the masks, over all heads.</param>
/// <param name="Blocks">Blocks it is cut into.</param>
/// <param name="BlocksFinished">Blocks whose rows are on disk.</param>
public readonly record struct DurableJobProgress(double Done, double Flops, long PairsSeen, int Blocks, int BlocksFinished);

/// <summary>How far one block of a durable job is.</summary>
/// <param name="Block">The block.</param>
/// <param name="State">Where it stands.</param>
/// <param name="FirstRow">Its first query row.</param>
/// <param name="Rows">Its query rows.</param>
/// <param name="Done">Estimated share of its work done, 0 to 1.</param>
/// <param name="Seconds">Seconds it has been computed in its latest run.</param>
public readonly record struct DurableBlockProgress(int Block, DurableBlockState State, long FirstRow, long Rows, double Done, double Seconds);

/// <summary>Where a block stands.</summary>
public enum DurableBlockState
{
    /// <summary>It is not computed now.</summary>
    Waiting,

    /// <summary>It is being computed.</summary>
    Running,

    /// <summary>Its rows are on disk.</summary>
    Finished,
}
