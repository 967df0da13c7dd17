namespace Distributed.Client;

/// <summary>How a job stands, or how it ended.</summary>
/// <param name="Id">The job.</param>
/// <param name="State"><c>waiting</c>, <c>running</c>, <c>pausing</c>, <c>paused</c>, <c>cancelling</c>, <c>finished</c>, <c>failed</c> or <c>cancelled</c>.</param>
/// <param name="Error">Why it failed, in one sentence.</param>
/// <param name="IsInputError">Whether the input or an option is to blame.</param>
/// <param name="Done">Estimated share of the work done, 0 to 1.</param>
/// <param name="Flops">Floating-point operations done, inside the masks.</param>
/// <param name="PairsSeen">(query, key) pairs done, inside the masks, over all heads.</param>
/// <param name="Seconds">Seconds since the job was taken on; until its end when it has ended.</param>
/// <param name="Blocks">Blocks it is cut into.</param>
/// <param name="BlocksFinished">Blocks whose rows are on disk.</param>
/// <param name="AttemptsLost">Attempts of blocks that were lost with their silos.</param>
/// <param name="Redone">Share of the work that was done again after a loss.</param>
/// <param name="Silos">The silos that took part.</param>
public sealed record JobStatus(
    Guid Id, string State, string? Error, bool IsInputError, double Done, double Flops, long PairsSeen, double Seconds, int Blocks,
    int BlocksFinished, int AttemptsLost, double Redone, IReadOnlyList<JobSilo> Silos)
{
    /// <summary>Whether nothing more will come of it.</summary>
    public bool HasEnded => State is "finished" or "failed" or "cancelled";
}

/// <summary>A silo's part in a job.</summary>
/// <param name="Silo">Its name.</param>
/// <param name="Alive">Whether it is in the cluster now.</param>
/// <param name="Running">Blocks it computes now.</param>
/// <param name="Finished">Blocks it has finished.</param>
/// <param name="Waiting">Share of its blocks' time in which they waited for tiles.</param>
/// <param name="LastFinished">Seconds from the job's start until its last block was finished.</param>
public sealed record JobSilo(string Silo, bool Alive, int Running, int Finished, double Waiting, double LastFinished = 0);
