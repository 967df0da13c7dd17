using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Analytics;

/// <summary>
/// Walks the attention matrix a second time, when every row's LSE is known, and hands its weights to sinks tile by tile.
/// Costs the scores again, and no memory beyond some tiles per thread and the packed keys of one panel.
/// </summary>
/// <param name="weights">The job's weights.</param>
/// <param name="logSumExp">LSE <c>[B, Hq, Sq]</c> of the job, natural log.</param>
public sealed partial class WeightPass(JobWeights weights, ReadOnlyMemory<float> logSumExp)
{
    /// <summary>Rows of a tile. Tiles begin at its multiples, unless a sink keeps an odd number of rows together.</summary>
    public const int TileRows = 64;

    private const int RowsPerPiece = 128;

    /// <summary>The rows to walk, from the first to behind the last.</summary>
    /// <value>All. Otherwise they must begin at a multiple of the rows that a sink keeps together.</value>
    public (long First, long End) Rows { get; init; } = (0, weights.Shape.QueryRows);

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
        if (logSumExp.Length != (long)shape.Batch * shape.QueryHeads * shape.QueryRows)
        {
            throw new ArgumentException(
                $"There are {logSumExp.Length} LSE values: {shape.Batch} · {shape.QueryHeads} · {shape.QueryRows} were expected.");
        }
        long together = planes.SelectMany(plane => plane.Sinks).Aggregate(1L, (rows, sink) => LeastCommonMultiple(rows, sink.RowsTogether));
        long pieceRows = checked(together * Math.Max(1, RowsPerPiece / together));
        long pieces = (Rows.End - Rows.First + pieceRows - 1) / pieceRows;
        Walked[] walks = [.. planes.GroupBy(plane => plane.Plane.Batch).Select(Begin).Where(walk => walk.KeyHeads.Length > 0)];
        long done = 0, all = pieces * walks.Sum(walk => walk.Panels.Length);
        foreach (Walked walk in walks)
        {
            foreach (RowRange[] spans in walk.Panels)
            {
                using var panel = new KeyPanel(weights, walk.Batch, walk.KeyHeads, spans);
                await pool.RunAllAsync(panel.Packing(), cancellation).ConfigureAwait(false);
                await pool.RunAllAsync(Pieces(panel, walk.Wanted), cancellation).ConfigureAwait(false);
            }
        }

        IEnumerable<Action<ComputeScratch>> Pieces(KeyPanel panel, WantedPlanes wanted)
        {
            for (long piece = 0; piece < pieces; piece++)
            {
                long first = Rows.First + piece * pieceRows, end = Math.Min(first + pieceRows, Rows.End);
                yield return scratch =>
                {
                    for (long row = first; row < end; row += TileRows)
                    {
                        cancellation.ThrowIfCancellationRequested();
                        Walk(new RowRange(row, (int)Math.Min(TileRows, end - row)), panel, wanted, scratch);
                    }
                    progress?.Report((double)Interlocked.Increment(ref done) / all);
                };
            }
        }
    }

    private Walked Begin(IGrouping<int, PlaneSinks> entry)
    {
        var wanted = new WantedPlanes(entry, weights.Shape.QueryHeads);
        int[] keyHeads = [.. Enumerable.Range(0, weights.Shape.QueryHeads).Where(wanted.Wants).Select(head => head / weights.Shape.Group).Distinct()];
        return new Walked(entry.Key, wanted, keyHeads, [.. Spans().Chunk(SpansPerPanel(keyHeads.Length))]);
    }

    private IEnumerable<RowRange> Spans()
    {
        for (long key = Keys.First; key < Keys.End; key += SpanGrid.MaxSpanRows)
            yield return new RowRange(key, (int)Math.Min(SpanGrid.MaxSpanRows, Keys.End - key));
    }

    private int SpansPerPanel(int keyHeads)
    {
        long span = (long)weights.KeyBytes(SpanGrid.MaxSpanRows) * keyHeads;
        return (int)Math.Clamp(PanelBytes / Math.Max(1, span), 1, int.MaxValue);
    }

    private static long LeastCommonMultiple(long a, long b)
    {
        long x = a, y = b;
        while (y != 0)
            (x, y) = (y, x % y);
        return checked(a / x * b);
    }

    /// <summary>What is walked of one batch entry: the keys of some heads, panel by panel.</summary>
    private sealed record Walked(int Batch, WantedPlanes Wanted, int[] KeyHeads, RowRange[][] Panels);

    /// <summary>The matrices of one batch entry that somebody wants, by head, and of all heads.</summary>
    private sealed class WantedPlanes
    {
        public WantedPlanes(IEnumerable<PlaneSinks> planes, int heads)
        {
            PlaneSinks[] all = [.. planes];
            ByHead = [.. Enumerable.Range(0, heads).Select(head => Sinks(all, HeadAggregation.Each, head))];
            Mean = Sinks(all, HeadAggregation.Mean, 0);
            Max = Sinks(all, HeadAggregation.Max, 0);
        }

        public IWeightSink[][] ByHead { get; }

        public IWeightSink[] Mean { get; }

        public IWeightSink[] Max { get; }

        public bool Wants(int head) => ByHead[head].Length > 0 || Mean.Length > 0 || Max.Length > 0;

        private static IWeightSink[] Sinks(PlaneSinks[] planes, HeadAggregation heads, int head) =>
            [.. planes.Where(of => of.Plane.Heads == heads && of.Plane.Head == head).SelectMany(of => of.Sinks)];
    }
}
