using Distributed.Engine.Timelines;

namespace Distributed.Grains.Jobs;

/// <summary>What is written down of a job when it is taken on. It never changes.</summary>
/// <param name="Specification">The specification as JSON.</param>
/// <param name="Blocks">Blocks it is cut into.</param>
/// <param name="RowsPerLane">Rows that one thread advances at a time.</param>
/// <param name="InputStamp">What the input files were like (<see cref="Distributed.Engine.FileJobs.InputStamp"/>).</param>
/// <param name="Submitted">When it was taken on.</param>
public sealed record JobRecord(
    string Specification, int Blocks, int RowsPerLane, string InputStamp, DateTimeOffset Submitted)
{
    /// <summary>
    /// Whether silos of unlike devices were there when it was taken on: their kernels then all have the bits of the CPU, so that
    /// the result does not show which of them computed what.
    /// </summary>
    public bool UnlikeDevices { get; init; }

    /// <summary>W3C id of the span in which it was handed in, so that every coordinator goes on with its trace; null = it was not traced.</summary>
    public string? Trace { get; init; }
}

/// <summary>What is written down of a block when its rows are on disk.</summary>
/// <param name="Block">The block.</param>
/// <param name="Attempt">The attempt whose rows count.</param>
/// <param name="Silo">The silo that computed it.</param>
/// <param name="CostDone">Its cost, as the plan counts it.</param>
/// <param name="PairsSeen">(query, key) pairs inside the masks.</param>
/// <param name="SecondsWaiting">Seconds that the attempt waited for tiles.</param>
/// <param name="Seconds">Seconds that the attempt took.</param>
public sealed record FinishedBlock(
    int Block, int Attempt, string Silo, double CostDone, long PairsSeen, double SecondsWaiting, double Seconds)
{
    /// <summary>Seconds from the job's start to the attempt's.</summary>
    public double Began { get; init; }

    /// <summary>What the attempt did when.</summary>
    public TimelineView? Timeline { get; init; }
}
