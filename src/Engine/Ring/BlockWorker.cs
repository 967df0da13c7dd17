using Distributed.Engine.Compute;
using Distributed.Engine.Plan;
using Distributed.Engine.Tiles;

namespace Distributed.Engine.Ring;

/// <summary>
/// Computes the query rows of one block. It is told of tiles and folds what it can use of them; it does not care where
/// they come from, how often, or in which order.
/// </summary>
internal sealed class BlockWorker
{
    private readonly JobPlan _plan;
    private readonly PlannedBlock _block;
    private readonly Lane[] _lanes;

    /// <summary>Makes a worker that has seen no tile.</summary>
    /// <param name="context">What all lanes share.</param>
    /// <param name="block">The block.</param>
    /// <param name="rowsPerLane">Rows that one thread advances at a time.</param>
    public BlockWorker(LaneContext context, PlannedBlock block, int rowsPerLane)
    {
        _plan = context.Plan;
        _block = block;
        // Long lanes first: what is left at the end is then short, and the threads finish together. Equal ones stay in
        // the order of their rows, so that threads walk the same key spans at about the same time.
        _lanes = [.. (
            from batch in Enumerable.Range(0, _plan.Shape.Batch)
            from keyHead in Enumerable.Range(0, _plan.Shape.KeyHeads)
            from rows in LaneRows.Cut(_plan, block, rowsPerLane)
            select new Lane(context, batch, keyHead, rows)).OrderByDescending(lane => lane.Cost)];
    }

    /// <summary>Whether every row of the block has been written.</summary>
    public bool Finished => _lanes.All(lane => lane.Finished);

    /// <summary>
    /// The tile to pull next: the first that some lane needs, going leftwards round the ring from
    /// <paramref name="after"/>; the block's own comes first. Null when the block is finished.
    /// </summary>
    /// <param name="after">The tile absorbed last; null before the first.</param>
    public int? NextTile(int? after)
    {
        if (Finished)
            return null;
        int blocks = _plan.Blocks.Count;
        int start = after is { } last ? last - 1 + blocks : _block.Index;
        for (int step = 0; step < blocks; step++)
        {
            int tile = (start - step + 2 * blocks) % blocks;
            if (_lanes.Any(lane => lane.Needs(_plan.Blocks[tile])))
                return tile;
        }
        throw new InvalidOperationException(
            $"Block {_block.Index} is not finished, yet no tile of {blocks} is the next for any of its {_lanes.Length} lanes.");
    }

    /// <summary>Folds what the block's lanes need of the tile, on the compute threads.</summary>
    public Task AbsorbAsync(IKeyValueTile tile, ComputePool pool, CancellationToken cancellation) => pool.RunAllAsync(
        from lane in _lanes
        where lane.Needs(_plan.Blocks[tile.Block])
        select (Action<ComputeScratch>)(scratch => lane.Absorb(tile, scratch, cancellation)), cancellation);
}
