using Distributed.Grains.Jobs;

namespace Distributed.Grains.Analytics;

/// <summary>A part of a job's second pass, given to a silo. Whoever makes it makes the same bytes, so attempts need no numbers.</summary>
/// <param name="Ticket">The job.</param>
/// <param name="Part">The part.</param>
/// <param name="First">Its first row.</param>
/// <param name="End">The row behind its last one.</param>
[GenerateSerializer, Immutable]
public sealed record PartAssignment(
    [property: Id(0)] JobTicket Ticket, [property: Id(1)] int Part, [property: Id(2)] long First, [property: Id(3)] long End);
