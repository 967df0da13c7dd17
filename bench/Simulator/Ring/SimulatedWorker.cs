using Distributed.Engine.Compute;
using Distributed.Engine.Plan;
using Distributed.Engine.Ring;
using Distributed.Engine.Tiles;

namespace Distributed.Simulator.Ring;

/// <summary>
/// Stands in for <see cref="BlockWorker"/>: needs the same tiles in the same order, and does the same work on each, counted
/// from the plan instead of computed. Query and key sequences are of the same length.
/// </summary>
internal sealed class SimulatedWorker : IBlockWorker
{
    private readonly JobPlan _plan;
    private readonly PlannedBlock _block;
    private readonly SimulatedProcessor _processor;
    private readonly double _matrices;
    private readonly PairCounts _first, _last;
    private (PairCounts Work, TimeSpan Begins)? _atWork;
    private (int Step, PairCounts Work) _known = (-1, default), _knownBefore = (-1, default);
    private readonly bool _hasBlindLane;

    /// <summary>Makes a worker.</summary>
    /// <param name="plan">The job's plan.</param>
    /// <param name="block">The block.</param>
    /// <param name="rowsPerLane">Rows that one thread advances at a time.</param>
    /// <param name="processor">Where it computes.</param>
    /// <param name="step">The step to begin with: what a checkpoint says, else 0.</param>
    public SimulatedWorker(JobPlan plan, PlannedBlock block, int rowsPerLane, SimulatedProcessor processor, int step = 0)
    {
        if (plan.Shape.QueryRows != plan.Shape.KeyRows)
            throw new ArgumentException($"{plan.Shape.QueryRows} queries stand before {plan.Shape.KeyRows} keys; as many are expected.", nameof(plan));
        (_plan, _block, _processor, Step) = (plan, block, processor, step);
        _matrices = (double)plan.Shape.Batch * plan.Shape.QueryHeads;
        _hasBlindLane = LaneRows.Cut(plan, block, rowsPerLane).Any(lane => lane.All(rows => plan.SpanCosts[rows.QuerySpan] == 0));
        (_first, _last) = OwnWork();
        for (int done = 0; done < step; done++)
            Restored += WorkAt(done).Cost;
    }

    /// <summary>Cost done over all heads, with what is done of the tile at hand: what a silo says when it is asked.</summary>
    public double DoneByNow => Done + (_atWork is { Work: { Cost: > 0 } work, Begins: var begins } ? work.Cost * _processor.ShareOf(work, begins) : 0);

    /// <summary>Steps round the ring that are done: the own tile, the others leftwards, the own tile again.</summary>
    public int Step { get; private set; }

    /// <summary>Work done over all heads since it was made.</summary>
    public PairCounts Work { get; private set; }

    /// <summary>Cost done over all heads, with what was done before a checkpoint.</summary>
    public double Done => Restored + Work.Cost;

    /// <summary>Cost that the checkpoint brought.</summary>
    public double Restored { get; }

    /// <inheritdoc/>
    public int? NextTile(int? after)
    {
        while (Step <= Blocks && !Needed(Step))
            Step++;
        return Step > Blocks ? null : TileWalk.First(Blocks, _block.Index, after, tile => tile == TileAt(Step));
    }

    /// <inheritdoc/>
    public int? TileAfter(int present)
    {
        int? following = TileWalk.First(Blocks, _block.Index, present, WillNeed);
        return following == present ? null : following;
    }

    /// <inheritdoc/>
    public async Task AbsorbAsync(IKeyValueTile tile, ICompute compute, CancellationToken cancellation)
    {
        if (Step > Blocks || tile.Block != TileAt(Step))
            return;
        PairCounts work = WorkAt(Step);
        Task working = _processor.WorkAsync(work, cancellation, out TimeSpan begins);
        _atWork = (work, begins);
        await working;
        _atWork = null;
        Step++;
        Work += work;
    }

    private int Blocks => _plan.Blocks.Count;

    private int TileAt(int step) => (_block.Index - step + 2 * Blocks) % Blocks;

    // A lane that sees nothing at all still takes the first tile, to write its rows.
    private bool Needed(int step) => WorkAt(step).Cost > 0 || (step == 0 && _hasBlindLane);

    private bool WillNeed(int tile)
    {
        int step = (_block.Index - tile + Blocks) % Blocks;
        return (step >= Step && WorkAt(step).Cost > 0) || (step == 0 && Step <= Blocks && WorkAt(Blocks).Cost > 0);
    }

    /// <summary>Work of a step. The one at hand and the one looked at ahead are remembered; of all of them there are too many.</summary>
    private PairCounts WorkAt(int step)
    {
        if (step == 0)
            return _first;
        if (step == Blocks)
            return _last;
        if (_known.Step == step)
            return _known.Work;
        if (_knownBefore.Step == step)
            return _knownBefore.Work;
        PlannedBlock tile = _plan.Blocks[TileAt(step)];
        PairCounts work = All(new SpanRectangle(_block.FirstQuerySpan, _block.QuerySpans, tile.FirstKeySpan, tile.KeySpans));
        (_knownBefore, _known) = (_known, (step, work));
        return work;
    }

    /// <summary>
    /// The work on the own tile, in its two visits: leftwards from each query span, and the rest at the end. A span that
    /// needs no other tile in between does all of it in the first visit.
    /// </summary>
    private (PairCounts First, PairCounts Last) OwnWork()
    {
        PairCounts first = default, last = default;
        int end = _block.FirstKeySpan + _block.KeySpans;
        for (int span = _block.FirstQuerySpan; span < _block.FirstQuerySpan + _block.QuerySpans; span++)
        {
            int split = _plan.Order.First(span) + 1;
            PairCounts left = _plan.PairsIn(new SpanRectangle(span, 1, _block.FirstKeySpan, split - _block.FirstKeySpan));
            PairCounts right = _plan.PairsIn(new SpanRectangle(span, 1, split, end - split));
            bool elsewhere = _plan.SpanCosts[span] > (left.Cost + right.Cost) * (1 + 1e-9);
            first += elsewhere ? left : left + right;
            last += elsewhere ? right : default;
        }
        return (Times(first), Times(last));
    }

    private PairCounts All(in SpanRectangle rectangle) => Times(_plan.PairsIn(rectangle));

    private PairCounts Times(PairCounts one) => new(one.Full * _matrices, one.Partial * _matrices);
}
