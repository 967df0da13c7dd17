using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms;
using Distributed.Engine.Mechanisms.Sequential;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Plan;

/// <summary>
/// What a job will do, known before it starts: its span grids, which pairs of spans the masks leave, and the blocks, cut
/// so that each costs about the same and none is much longer than the others.
/// </summary>
public sealed class JobPlan
{
    /// <summary>About how many times the mean number of rows a block has at most.</summary>
    private const double MostRows = 4;

    private readonly SpanWork _work;

    private JobPlan(
        AttentionShape shape, AttentionOptions options, AttentionTensors tensors, MaskSet masks, JobScores scores, JobRows rows, SpanWork work, SpanGrid queryGrid,
        SpanGrid keyGrid, TileCounts counts, double[] spanCosts, IReadOnlyList<PlannedBlock> blocks)
    {
        Shape = shape;
        Mechanism = options.Mechanism;
        Scale = options.Scale ?? (Mechanism.HasScores && tensors is { Additive: null, LocationScores: false } ? options.ScaleFor(shape.KeyDim) : 1);
        ScoreDim = tensors.Additive?.Units ?? shape.KeyDim;
        Tensors = tensors;
        Masks = masks;
        Scores = scores;
        Rows = rows;
        _work = work;
        QueryGrid = queryGrid;
        KeyGrid = keyGrid;
        Order = new CanonicalOrder(queryGrid.Count, keyGrid.Count);
        Counts = counts;
        SpanCosts = spanCosts;
        Blocks = blocks;
        CostOfRow = shape.QueryRows == 0 ? 0 : Cost / shape.QueryRows;
    }

    /// <summary>The job's sizes.</summary>
    public AttentionShape Shape { get; }

    /// <summary>What becomes of the scores.</summary>
    public Mechanism Mechanism { get; }

    /// <summary>The factor on the scores.</summary>
    public double Scale { get; }

    /// <summary>Elements of a query and of a key when they meet.</summary>
    public int ScoreDim { get; }

    /// <summary>What each row sees, where that is all keys from one to another; null for mechanisms that take any mask.</summary>
    internal KeyLimits? KeyLimits { get; private init; }

    /// <summary>Estimated floating-point operations of the job.</summary>
    public double Operations => Mechanism.HasScores
        ? Cost * Shape.Batch * Shape.QueryHeads * Shape.FlopsPerPair : SequentialJob.OperationsOf(this);

    /// <summary>The optional tensors it was planned with.</summary>
    public AttentionTensors Tensors { get; }

    /// <summary>Who may see whom.</summary>
    public MaskSet Masks { get; }

    /// <summary>What is done to the scores.</summary>
    public JobScores Scores { get; }

    /// <summary>What is done to query and key rows before they meet.</summary>
    public JobRows Rows { get; }

    /// <summary>What is worked out of its rows' weights; null = nothing.</summary>
    public JobStatistics? Statistics { get; private init; }

    /// <summary>Spans of the query sequence.</summary>
    public SpanGrid QueryGrid { get; }

    /// <summary>Spans of the key sequence.</summary>
    public SpanGrid KeyGrid { get; }

    /// <summary>The order in which query spans fold key spans.</summary>
    public CanonicalOrder Order { get; }

    /// <summary>Pairs of spans that the masks skip, keep in part and keep whole.</summary>
    public TileCounts Counts { get; }

    /// <summary>Estimated (query, key) pairs of each query span, a mean over heads and batch entries.</summary>
    public IReadOnlyList<double> SpanCosts { get; }

    /// <summary>The blocks in ring order; at least one.</summary>
    public IReadOnlyList<PlannedBlock> Blocks { get; }

    /// <summary>Estimated (query, key) pairs per head over all blocks.</summary>
    public double Cost => Blocks.Sum(block => block.Cost);

    /// <summary>The mean cost of a query row per head: what a row costs where a memory goes through the keys, whatever it sees.</summary>
    internal double CostOfRow { get; }

    /// <summary>Floating-point operations of some of the job.</summary>
    /// <param name="pairsSeen">(query, key) pairs done, inside the masks, over all heads.</param>
    /// <param name="share">Estimated share of the work done, 0 to 1.</param>
    public double OperationsDone(long pairsSeen, double share) =>
        Mechanism.HasScores ? (double)pairsSeen * Shape.FlopsPerPair : Operations * share;

    /// <summary>The block that owns key span <paramref name="keySpan"/>.</summary>
    public int OwnerOf(int keySpan)
    {
        int low = 0, high = Blocks.Count - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (Blocks[middle].FirstKeySpan + Blocks[middle].KeySpans > keySpan)
                high = middle;
            else
                low = middle + 1;
        }
        return low;
    }

    /// <summary>Estimated pairs in a rectangle of spans, a mean over heads and batch entries.</summary>
    public PairCounts PairsIn(in SpanRectangle rectangle)
    {
        double full = 0, partial = 0;
        _work.Visit(rectangle, (TileClass what, in SpanRectangle at) =>
        {
            if (what == TileClass.Full)
                full += _work.Area(at);
            else if (what == TileClass.Partial)
                partial += _work.Area(at) / 2;
        });
        return new PairCounts(full / _work.Matrices, partial / _work.Matrices);
    }

    /// <summary>Plans a job.</summary>
    /// <param name="input">Its tensors.</param>
    /// <param name="options">What to compute. There are never more blocks than query spans.</param>
    /// <exception cref="InputException">An option does not fit the tensors.</exception>
    public static JobPlan Create(AttentionInput input, AttentionOptions options)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Create(input.Shape, options, input.Tensors);
    }

    /// <summary>Plans a job without optional tensors.</summary>
    /// <param name="shape">Its sizes.</param>
    /// <param name="options">What to compute. There are never more blocks than query spans.</param>
    /// <exception cref="InputException">An option does not fit the sizes.</exception>
    public static JobPlan Create(in AttentionShape shape, AttentionOptions options) =>
        Create(shape, options, AttentionTensors.None);

    private static JobPlan Create(in AttentionShape shape, AttentionOptions options, AttentionTensors tensors)
    {
        ArgumentNullException.ThrowIfNull(options);
        options = tensors.Complete(options);
        options.ValidateFor(shape);
        tensors.ValidateFor(shape, options);
        MaskSet masks = JobMasks.Of(shape, options, tensors);
        var queryGrid = new SpanGrid(shape.QueryRows, options.SpanRows);
        var keyGrid = new SpanGrid(shape.KeyRows, options.SpanRows);
        var work = new SpanWork(shape, queryGrid, keyGrid, masks);
        double[] costs = CostOfSpans(work, queryGrid.Count, keyGrid.Count, out TileCounts counts);
        if (!options.Mechanism.HasScores)
            costs = SpreadOverRows(costs, queryGrid);
        IReadOnlyList<PlannedBlock> blocks = CutByShare(costs, options.Blocks, keyGrid.Count);
        return new JobPlan(
            shape, options, tensors, masks, JobScores.Of(shape, options, tensors), JobRows.Of(shape, options, tensors), work, queryGrid, keyGrid, counts, costs, blocks)
        {
            Statistics = JobStatistics.Of(shape, options),
            KeyLimits = options.Mechanism.Kind == MechanismKind.Delta ? new KeyLimits(shape, options) : null,
        };
    }

    private static double[] CostOfSpans(SpanWork work, int querySpans, int keySpans, out TileCounts counts)
    {
        long skipped = 0, partial = 0, full = 0;
        // In halves of a pair, so that sums are exact whatever their order.
        var halves = new double[querySpans];
        work.Visit(new SpanRectangle(0, querySpans, 0, keySpans), (TileClass what, in SpanRectangle at) =>
        {
            long pairs = (long)at.Queries * at.Keys;
            switch (what)
            {
                case TileClass.Skip:
                    skipped += pairs;
                    return;
                case TileClass.Partial:
                    partial += pairs;
                    break;
                default:
                    full += pairs;
                    break;
            }
            for (int span = at.FirstQuery; span < at.FirstQuery + at.Queries; span++)
                halves[span] += work.Area(at with { FirstQuery = span, Queries = 1 }) * (what == TileClass.Partial ? 1 : 2);
        });
        counts = new TileCounts(skipped, partial, full, work.Matrices);
        return [.. halves.Select(pairs => pairs / 2 / work.Matrices)];
    }

    /// <summary>Where a memory goes through the keys, a row takes the same time whatever it sees.</summary>
    private static double[] SpreadOverRows(double[] costs, SpanGrid grid)
    {
        double total = costs.Sum(), rows = Enumerable.Range(0, costs.Length).Sum(span => (double)grid[span].Count);
        return [.. costs.Select((_, span) => total * grid[span].Count / rows)];
    }

    /// <summary>
    /// Cuts the query spans where the running share of the job passes a block's, and the key spans at the same shares of
    /// their sequence, so that a block's own keys are the ones its queries fold first. A span's share of the job is its share
    /// of the cost, but where rows cost little, at least a part of its share of the rows. By cost alone the first blocks of a
    /// causal job would be many times as long as the others, and with them the tiles and states that silos hold.
    /// </summary>
    private static List<PlannedBlock> CutByShare(double[] costs, int wanted, int keySpans)
    {
        int count = Math.Clamp(wanted, 1, Math.Max(1, costs.Length));
        double total = costs.Sum(), done = 0;
        double[] shares = [.. costs.Select(cost => Math.Max(total > 0 ? cost / total : 0, 1.0 / costs.Length / MostRows))];
        total = shares.Sum();
        var blocks = new List<PlannedBlock>(count);
        int next = 0;
        for (int index = 0; index < count; index++)
        {
            int first = next;
            double cost = 0;
            int mustLeave = count - index - 1;
            while (next < costs.Length - mustLeave
                && (next == first || index == count - 1 || done + shares[next] / 2 <= total * (index + 1) / count))
            {
                cost += costs[next];
                done += shares[next];
                next++;
            }
            int firstKey = Share(first, costs.Length, keySpans), endKey = Share(next, costs.Length, keySpans);
            blocks.Add(new PlannedBlock(index, first, next - first, firstKey, endKey - firstKey, cost));
        }
        return blocks;
    }

    private static int Share(int querySpan, int querySpans, int keySpans) =>
        querySpans == 0 || querySpan == querySpans ? (querySpan == querySpans ? keySpans : 0)
            : (int)((long)querySpan * keySpans / querySpans);
}
