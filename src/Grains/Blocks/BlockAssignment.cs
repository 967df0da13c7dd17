using Distributed.Grains.Jobs;

namespace Distributed.Grains.Blocks;

/// <summary>One attempt of a block, given to a silo.</summary>
/// <param name="Ticket">The job.</param>
/// <param name="Block">The block.</param>
/// <param name="Attempt">The attempt; no other attempt of the block has this number.</param>
/// <param name="Silos">The silos that take part.</param>
/// <param name="Homes">Per block, the index in <paramref name="Silos"/> of the one that owns it; −1 = none does.</param>
[GenerateSerializer, Immutable]
public sealed record BlockAssignment(
    [property: Id(0)] JobTicket Ticket, [property: Id(1)] int Block, [property: Id(2)] int Attempt,
    [property: Id(3)] SiloPeer[] Silos, [property: Id(4)] int[] Homes);

/// <summary>A silo as others reach it for tiles.</summary>
/// <param name="Name">Its address, with the number that tells it from an earlier silo there.</param>
/// <param name="TileEndpoint">Where it gives out tiles.</param>
[GenerateSerializer, Immutable]
public sealed record SiloPeer([property: Id(0)] string Name, [property: Id(1)] string TileEndpoint);
