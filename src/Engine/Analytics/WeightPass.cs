using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.Analytics;

/// <summary>
/// Walks the attention matrix a second time, when every row's LSE is known, and hands its weights to sinks tile by tile.
/// Costs the scores again, and no memory beyond a tile per thread and the packed keys of one panel.
/// </summary>
/// <param name="Queries">Queries <c>[1, Hq, Sq, D]</c>.</param>
/// <param name="Keys">Keys <c>[1, Hkv, Skv, D]</c>.</param>
/// <param name="Scale">The factor on q·k.</param>
/// <param name="Mask">The mask of the job.</param>
/// <param name="LogSumExp">LSE <c>[Hq, Sq]</c> of the job, natural log.</param>
public sealed partial record WeightPass(
    HeadTensor Queries, HeadTensor Keys, double Scale, IAttentionMask Mask, ReadOnlyMemory<float> LogSumExp)
{
    private const int TileRows = 64;
    private const int RowsPerPiece = 128;

    /// <summary>Bytes of packed keys held at a time.</summary>
    /// <value>128 MiB.</value>
    public long PanelBytes { get; init; } = 128L << 20;

    /// <summary>The kernel.</summary>
    /// <value>The fastest here.</value>
    public CpuKernel Kernel { get; init; } = CpuKernels.Best;

    /// <summary>Runs the pass. The result does not hang on the number of threads.</summary>
    /// <param name="sinks">What to work out.</param>
    /// <param name="pool">Where the work runs.</param>
    /// <param name="progress">Told the share done, 0 to 1; null = nobody.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="ArgumentException">The tensors do not fit one another, or have more than one batch entry.</exception>
    public async Task RunAsync(
        IReadOnlyList<IWeightSink> sinks, ComputePool pool, IProgress<double>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(sinks);
        ArgumentNullException.ThrowIfNull(pool);
        Check();
        long together = sinks.Aggregate(1L, (rows, sink) => LeastCommonMultiple(rows, sink.RowsTogether));
        long pieceRows = checked(together * Math.Max(1, RowsPerPiece / together));
        long pieces = (Queries.Rows + pieceRows - 1) / pieceRows;
        var grid = new SpanGrid(Keys.Rows);
        int panelSpans = SpansPerPanel(grid);
        long done = 0, all = pieces * ((grid.Count + panelSpans - 1) / panelSpans);
        for (int span = 0; span < grid.Count; span += panelSpans)
        {
            using var panel = new KeyPanel(Kernel, Keys, grid, span, Math.Min(panelSpans, grid.Count - span));
            await pool.RunAllAsync(panel.Packing(), cancellation).ConfigureAwait(false);
            await pool.RunAllAsync(Pieces(panel), cancellation).ConfigureAwait(false);
        }

        IEnumerable<Action<ComputeScratch>> Pieces(KeyPanel panel)
        {
            for (long piece = 0; piece < pieces; piece++)
            {
                long first = piece * pieceRows, end = Math.Min(first + pieceRows, Queries.Rows);
                yield return scratch =>
                {
                    for (long row = first; row < end; row += TileRows)
                    {
                        cancellation.ThrowIfCancellationRequested();
                        Walk(new RowRange(row, (int)Math.Min(TileRows, end - row)), panel, sinks, scratch);
                    }
                    progress?.Report((double)Interlocked.Increment(ref done) / all);
                };
            }
        }
    }

    private void Check()
    {
        if (Queries.Batch != 1 || Keys.Batch != 1 || Queries.Dim != Keys.Dim || Keys.Heads < 1
            || Queries.Heads < 1 || Queries.Heads % Keys.Heads != 0)
        {
            throw new ArgumentException(
                $"Queries [{Queries.Batch}, {Queries.Heads}, {Queries.Rows}, {Queries.Dim}] and keys [{Keys.Batch}, " +
                $"{Keys.Heads}, {Keys.Rows}, {Keys.Dim}] do not fit: one batch entry, equal head sizes and whole groups " +
                "were expected.");
        }
        if (LogSumExp.Length != Queries.Heads * Queries.Rows)
        {
            throw new ArgumentException(
                $"There are {LogSumExp.Length} LSE values: {Queries.Heads} · {Queries.Rows} were expected.");
        }
    }

    private int SpansPerPanel(SpanGrid grid)
    {
        long span = (long)KeyPanel.SpanBytes(Kernel, Keys) * Keys.Heads;
        return (int)Math.Clamp(PanelBytes / span, 1, Math.Max(1, grid.Count));
    }

    private static long LeastCommonMultiple(long a, long b)
    {
        long x = a, y = b;
        while (y != 0)
            (x, y) = (y, x % y);
        return checked(a / x * b);
    }
}
