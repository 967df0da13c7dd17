using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Analytics;

/// <summary>
/// Walks the attention matrix a second time, when every row's LSE is known, and hands its weights to sinks tile by tile.
/// Costs the scores again, and no memory beyond some tiles per thread and the packed keys of one panel.
/// </summary>
/// <param name="weights">The job's weights.</param>
/// <param name="logSumExp">LSE <c>[B, Hq, Sq]</c> of the job, natural log; of <see cref="Rows"/> alone if <see cref="HasRowsAlone"/>.</param>
public sealed class WeightPass(JobWeights weights, ReadOnlyMemory<float> logSumExp)
{
    /// <summary>Rows of a tile. Tiles begin at its multiples, unless a sink keeps an odd number of rows together.</summary>
    public const int TileRows = 64;

    /// <summary>Keys of a tile: 64 × 128 weights are 32 KB.</summary>
    public const int TileKeys = 128;

    /// <summary>The rows to walk, from the first to behind the last.</summary>
    /// <value>All. Otherwise they must begin at a multiple of the rows that a sink keeps together.</value>
    public (long First, long End) Rows { get; init; } = (0, weights.Shape.QueryRows);

    /// <summary>Whether there is LSE of <see cref="Rows"/> alone, <c>[B, Hq, rows]</c>.</summary>
    /// <value>False.</value>
    public bool HasRowsAlone { get; init; }

    /// <summary>The keys to walk, from the first to behind the last.</summary>
    /// <value>All.</value>
    public (long First, long End) Keys { get; init; } = (0, weights.Shape.KeyRows);

    /// <summary>Bytes of packed keys held at a time.</summary>
    /// <value>128 MiB.</value>
    public long PanelBytes { get; init; } = 128L << 20;

    /// <summary>Runs the pass. The result does not hang on the number of threads.</summary>
    /// <param name="planes">What to work out.</param>
    /// <param name="pool">Where the work runs.</param>
    /// <param name="progress">Told the share done, 0 to 1; null = nobody.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="ArgumentException">There are not as many LSE values as rows.</exception>
    public async Task RunAsync(
        IReadOnlyList<PlaneSinks> planes, ICompute pool, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(planes);
        ArgumentNullException.ThrowIfNull(pool);
        AttentionShape shape = weights.Shape;
        (long firstKnown, long known) = HasRowsAlone ? (Rows.First, Rows.End - Rows.First) : (0, shape.QueryRows);
        if (logSumExp.Length != (long)shape.Batch * shape.QueryHeads * known)
            throw new ArgumentException($"There are {logSumExp.Length} LSE values: {shape.Batch} · {shape.QueryHeads} · {known} were expected.");
        long pieceRows = PieceRows(planes);
        long pieces = (Rows.End - Rows.First + pieceRows - 1) / pieceRows;
        Walked[] walks = [.. planes.GroupBy(plane => plane.Plane.Batch).Select(Begin).Where(walk => walk.Sets.Count > 0)];
        long done = 0, all = pieces * walks.Sum(walk => walk.Panels.Length * walk.Sets.Count);
        foreach (Walked walk in walks)
        {
            foreach (RowRange[] parts in walk.Panels)
            {
                using var panel = new KeyPanel(weights, walk.Batch, walk.KeyHeads, parts);
                await pool.RunAllAsync(panel.Packing(), cancellation).ConfigureAwait(false);
                await pool.RunAllAsync(
                    from set in walk.Sets from piece in Pieces() select Work(panel, set, piece), cancellation).ConfigureAwait(false);
            }
        }

        IEnumerable<(long First, long End)> Pieces()
        {
            for (long first = Rows.First; first < Rows.End; first += pieceRows)
                yield return (first, Math.Min(first + pieceRows, Rows.End));
        }

        Action<ComputeScratch> Work(KeyPanel panel, HeadSet set, (long First, long End) rows) => scratch =>
        {
            for (long row = rows.First; row < rows.End; row += WeightStrip.MostRows)
            {
                cancellation.ThrowIfCancellationRequested();
                var strip = new RowRange(row, (int)Math.Min(WeightStrip.MostRows, rows.End - row));
                new WeightStrip(weights, panel, set, strip, scratch).Walk(logSumExp.Span, firstKnown, known);
            }
            progress?.Report((double)Interlocked.Increment(ref done) / all);
        };
    }

    /// <summary>
    /// Rows that one thread walks at a time. Passes over ranges of rows that begin at multiples of it give together what one
    /// pass over all of them gives.
    /// </summary>
    /// <param name="planes">What is to be worked out.</param>
    public static long PieceRows(IEnumerable<PlaneSinks> planes)
    {
        ArgumentNullException.ThrowIfNull(planes);
        return PieceRows(planes.SelectMany(plane => plane.Sinks).Aggregate(1L, (rows, sink) => LeastCommonMultiple(rows, sink.RowsTogether)));
    }

    /// <summary>The same for sinks that keep so many rows together.</summary>
    internal static long PieceRows(long together) => checked(together * Math.Max(1, WeightStrip.MostRows / together));

    private Walked Begin(IGrouping<int, PlaneSinks> entry)
    {
        IReadOnlyList<HeadSet> sets = HeadSet.Of(entry, weights.Shape.QueryHeads, weights.Shape.Group);
        int[] keyHeads = [.. sets.SelectMany(set => set.Heads).Select(head => head / weights.Shape.Group).Distinct()];
        return new Walked(entry.Key, sets, keyHeads, [.. Parts().Chunk(PartsPerPanel(keyHeads.Length))]);
    }

    private IEnumerable<RowRange> Parts()
    {
        for (long key = Keys.First; key < Keys.End; key += TileKeys)
            yield return new RowRange(key, (int)Math.Min(TileKeys, Keys.End - key));
    }

    // By the keys' own size, which is the same for every kernel: where a panel ends shows in the order of sums.
    private int PartsPerPanel(int keyHeads) => (int)Math.Clamp(
        PanelBytes / Math.Max(1L, (long)TileKeys * weights.Shape.KeyDim * sizeof(float) * keyHeads), 1, int.MaxValue);

    private static long LeastCommonMultiple(long a, long b)
    {
        long x = a, y = b;
        while (y != 0)
            (x, y) = (y, x % y);
        return checked(a / x * b);
    }

    /// <summary>What is walked of one batch entry: heads by sets, keys panel by panel.</summary>
    private sealed record Walked(int Batch, IReadOnlyList<HeadSet> Sets, int[] KeyHeads, RowRange[][] Panels);
}
