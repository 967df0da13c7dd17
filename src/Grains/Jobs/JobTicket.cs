namespace Distributed.Grains.Jobs;

/// <summary>What a silo must know of a job to take part in it.</summary>
/// <param name="Job">The job.</param>
/// <param name="Epoch">Number of the coordinator, each later one having a higher one.</param>
/// <param name="Specification">The specification as JSON.</param>
/// <param name="Blocks">Blocks it is cut into.</param>
/// <param name="RowsPerLane">Rows that one thread advances at a time.</param>
/// <param name="InputStamp">What the input files were like when the job was taken on.</param>
/// <param name="UnlikeDevices">Whether silos of unlike devices share the job, so that only kernels with the bits of the CPU will do.</param>
[GenerateSerializer, Immutable]
public sealed record JobTicket(
    [property: Id(0)] Guid Job, [property: Id(1)] int Epoch, [property: Id(2)] string Specification,
    [property: Id(3)] int Blocks, [property: Id(4)] int RowsPerLane,
    [property: Id(5)] string InputStamp, [property: Id(6)] bool UnlikeDevices = false);
