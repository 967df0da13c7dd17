namespace Distributed.Silo.Jobs;

/// <summary>How far a job is.</summary>
public sealed record RunProgress
{
    /// <summary>Estimated share of the work done, 0 to 1.</summary>
    public double Done { get; init; }

    /// <summary>Floating-point operations done, inside the masks.</summary>
    public double Flops { get; init; }

    /// <summary>(query, key) pairs done, inside the masks, over all heads.</summary>
    public long PairsSeen { get; init; }

    /// <summary>What is being done, for people: embedding, attention, …; null where there is only one thing to do.</summary>
    public string? Phase { get; init; }

    /// <summary>Blocks it is cut into.</summary>
    public int Blocks { get; init; }

    /// <summary>Blocks whose rows are on disk.</summary>
    public int BlocksFinished { get; init; }

    /// <summary>Attempts of blocks that were lost with their silos.</summary>
    public int AttemptsLost { get; init; }

    /// <summary>Share of the work that was done again after a loss.</summary>
    public double Redone { get; init; }

    /// <summary>Share of the work that lost attempts had done since their last checkpoints: the most that may be redone.</summary>
    public double Unsaved { get; init; }

    /// <summary>Coordinators that the job has had.</summary>
    public int Coordinators { get; init; }

    /// <summary>The silos that took part.</summary>
    public IReadOnlyList<SiloPart> Silos { get; init; } = [];
}

/// <summary>A silo's part in a job.</summary>
/// <param name="Silo">Its name.</param>
/// <param name="Alive">Whether it is at work.</param>
/// <param name="Running">Blocks it computes now.</param>
/// <param name="Finished">Blocks it has finished.</param>
/// <param name="Waiting">Share of its blocks' time in which they waited for tiles.</param>
/// <param name="LastFinished">Seconds from the job's start until its last block was finished.</param>
public sealed record SiloPart(string Silo, bool Alive, int Running, int Finished, double Waiting, double LastFinished);
