namespace Distributed.Engine.Tiles;

/// <summary>Names a part of a tile, for one attempt of the block that asks. Answers are matched by it, never by arrival.</summary>
/// <param name="Job">The job.</param>
/// <param name="Attempt">The attempt of the block that asks.</param>
/// <param name="Block">The block that owns the tile.</param>
/// <param name="Index">The part of the tile.</param>
public readonly record struct TilePart(Guid Job, int Attempt, int Block, int Index);
