using Distributed.Engine.Checkpoints;
using Distributed.Engine.Compute;
using Distributed.Engine.Plan;
using Distributed.Engine.Tiles;

namespace Distributed.Engine.Ring;

/// <summary>
/// Computes the query rows of one block. It is told of tiles and folds what it can use of them; it does not care where
/// they come from, how often, or in which order.
/// </summary>
public sealed class BlockWorker : IBlockWorker, IDisposable
{
    private readonly LaneContext _context;
    private readonly JobPlan _plan;
    private readonly PlannedBlock _block;
    private readonly Lane[] _lanes;

    /// <summary>Makes a worker that has seen no tile.</summary>
    /// <param name="context">What all lanes share.</param>
    /// <param name="block">The block.</param>
    /// <param name="rowsPerLane">Rows that one thread advances at a time.</param>
    public BlockWorker(LaneContext context, PlannedBlock block, int rowsPerLane)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(block);
        _context = context;
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

    /// <summary>The block's index in the plan.</summary>
    public int Block => _block.Index;

    /// <summary>Whether every row of the block has been written.</summary>
    public bool Finished => _lanes.All(lane => lane.Finished);

    /// <inheritdoc/>
    public int? NextTile(int? after)
    {
        if (Finished)
            return null;
        return Leftwards(after, lane => lane.Needs)
            ?? throw new InvalidOperationException(
                $"Block {_block.Index} is not finished, yet no tile of {_plan.Blocks.Count} is the next for any of its {_lanes.Length} lanes.");
    }

    /// <inheritdoc/>
    public int? TileAfter(int present)
    {
        int? following = Leftwards(present, lane => lane.WillNeed);
        return following == present ? null : following;
    }

    /// <inheritdoc/>
    public Task AbsorbAsync(IKeyValueTile tile, ICompute compute, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(tile);
        ArgumentNullException.ThrowIfNull(compute);
        return compute.RunAllAsync(
            from lane in _lanes
            where lane.Needs(_plan.Blocks[tile.Block])
            select (Action<ComputeScratch>)(scratch => lane.Absorb(tile, scratch, cancellation)), cancellation);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Lane lane in _lanes)
            lane.Dispose();
    }

    /// <summary>Writes what the lanes have folded and where they are.</summary>
    internal void Save(CheckpointWriter writer)
    {
        writer.Write(_context.PairsSeen);
        writer.Write(BitConverter.DoubleToInt64Bits(_context.CostDone));
        writer.Write(_lanes.Length);
        foreach (Lane lane in _lanes)
            lane.Save(writer);
    }

    /// <summary>Takes over what a worker of the same block and the same lanes wrote.</summary>
    internal void Restore(CheckpointReader reader)
    {
        long pairsSeen = reader.ReadInt64();
        double costDone = BitConverter.Int64BitsToDouble(reader.ReadInt64());
        reader.Expect(_lanes.Length, "number of lanes");
        foreach (Lane lane in _lanes)
            lane.Restore(reader);
        _context.Folded(pairsSeen, costDone);
    }

    private int? Leftwards(int? after, Func<Lane, Func<PlannedBlock, bool>> wants) => TileWalk.First(
        _plan.Blocks.Count, _block.Index, after, tile => _lanes.Any(lane => wants(lane)(_plan.Blocks[tile])));
}
