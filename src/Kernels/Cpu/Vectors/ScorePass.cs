using System.Runtime.CompilerServices;
using Distributed.Kernels.Masks;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>First pass over a block of rows: its scores on the whole span, hidden ones −∞, and the 16 maxima of every row.</summary>
/// <typeparam name="T">Sixteen lanes.</typeparam>
/// <typeparam name="TPanel">A strip as wide as a panel of packed keys.</typeparam>
internal static unsafe class ScorePass<T, TPanel>
    where T : struct, ILanes<T>
    where TPanel : struct, IStrip<TPanel>
{
    private const int Group = Blocking.GroupRows;

    /// <summary>Fills <see cref="Workspace.Scores"/> and <see cref="Workspace.Maxima"/>.</summary>
    /// <param name="queries">Packed queries of the whole span.</param>
    /// <param name="keys">Packed keys.</param>
    /// <param name="mask">Which row may see which key; null = every row every key.</param>
    /// <param name="block">The rows.</param>
    /// <param name="work">The workspace.</param>
    /// <param name="ahead">What is read after the keys, to be fetched during the last panel.</param>
    /// <remarks>
    /// A panel of keys (32 KB at D = 128 and 64 keys) stays in the first-level cache while all groups pass over it.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(
        in PackedQueries queries, in PackedKeys keys, MaskWords? mask, RowBlock block, Workspace work, byte* ahead)
    {
        int dim = Packing.PaddedDim(queries.Dim);
        Begin(block, work);
        if (queries.Stage is not null && StagedPass<T, TPanel>.Run(queries, keys, mask, block, work, ahead))
            return;
        for (int key = 0; key < keys.Count; key += TPanel.Width)
        {
            float* panel = (float*)keys.Data + (nint)key * dim;
            byte* fetch = key + TPanel.Width < keys.Count ? (byte*)(panel + (nint)TPanel.Width * dim) : ahead;
            int plain = mask is null && queries.Stage is null && key + TPanel.Width <= keys.Count ? block.Rows / Group : 0;
            Plain((float*)queries.Data + (nint)block.First * dim, panel, dim, key, plain, work, fetch);
            Panel(queries, panel, key, keys.Count, mask, block, plain, block.Groups, work, fetch);
        }
    }

    private static void Begin(RowBlock block, Workspace work) =>
        new Span<float>(work.Maxima, block.Groups * Group * Arithmetic.Lanes).Fill(float.NegativeInfinity);

    // Whole groups of which nothing is hidden and to whose scores nothing is done: most of the work. A tile is 768 cycles at
    // D = 64, of which looking at what the group sees would be 2 %.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Plain(float* query, float* panel, int dim, int key, int groups, Workspace work, byte* fetch)
    {
        float* scores = work.Scores + key, maxima = work.Maxima;
        for (; groups > 0; groups--)
        {
            ScoreTiles.Compute<TPanel, SixRows>(query, panel, dim, scores, maxima, fetch);
            query += Group * dim;
            scores += Group * Blocking.ScoreStride;
            maxima += Group * Arithmetic.Lanes;
            fetch += dim / 2 * Ahead.LineBytes;
        }
    }

    /// <summary>Some groups on one panel.</summary>
    /// <param name="queries">Packed queries of the whole span.</param>
    /// <param name="panel">The panel.</param>
    /// <param name="key">Its first key.</param>
    /// <param name="keys">Keys of the span.</param>
    /// <param name="mask">Which row may see which key; null = every row every key.</param>
    /// <param name="block">The rows.</param>
    /// <param name="from">First group.</param>
    /// <param name="to">The group behind the last.</param>
    /// <param name="work">The workspace.</param>
    /// <param name="fetch">What the groups are to fetch.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Panel(
        in PackedQueries queries, float* panel, int key, int keys, MaskWords? mask, RowBlock block, int from, int to, Workspace work,
        byte* fetch)
    {
        int dim = Packing.PaddedDim(queries.Dim);
        float* query = (float*)queries.Data + (nint)block.First * dim;
        for (int group = from; group < to; group++)
        {
            KeyRange seen = block.Seen(group);
            if (key + TPanel.Width <= seen.First || key >= seen.End)
                continue;
            float* of = query + (nint)group * Group * dim;
            float* scores = work.Scores + (nint)group * Group * Blocking.ScoreStride + key;
            float* maxima = work.Maxima + group * Group * Arithmetic.Lanes;
            int rows = block.RowsOf(group);
            bool whole = block.View(group).SeesAll(key, TPanel.Width);
            bool full = whole && queries.Stage is null;
            if (rows <= Blocking.SingleRows)
            {
                for (int row = 0; row < rows; row++)
                    ScoreTiles.ComputeRow<TPanel>(of + row * dim, panel, dim, scores + row * Blocking.ScoreStride);
            }
            else
            {
                if (rows > FourRows.Count)
                    ScoreTiles.Compute<TPanel, SixRows>(of, panel, dim, scores, full ? maxima : null, fetch);
                else
                    ScoreTiles.Compute<TPanel, FourRows>(of, panel, dim, scores, full ? maxima : null, fetch);
                fetch += dim / 2 * Ahead.LineBytes;
                if (full)
                    continue;
            }
            if (queries.Stage is not null)
                queries.Stage->Apply(block.First + group * Group, rows, key, scores, Blocking.ScoreStride, TPanel.Width);
            for (int row = 0; row < rows; row++)
            {
                if (whole)
                {
                    TPanel.RaiseMaxima(TPanel.Load(scores + row * Blocking.ScoreStride), maxima + row * Arithmetic.Lanes);
                    continue;
                }
                ulong bits = mask is { } words
                    ? words.Row(block.First + group * Group + row)[key / 64] >> (key % 64)
                    : LowBits(keys - key);
                Hide(bits, scores + row * Blocking.ScoreStride, maxima + row * Arithmetic.Lanes);
            }
        }
    }

    private static ulong LowBits(int count) => count >= 64 ? ulong.MaxValue : (1UL << count) - 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Hide(ulong seen, float* scores, float* maxima)
    {
        for (int lane = 0; lane < TPanel.Width; lane += Arithmetic.Lanes)
        {
            T score = T.Select((uint)(seen >> lane), T.Load(scores + lane), T.Create(float.NegativeInfinity));
            T.Store(score, scores + lane);
            T.RaiseMaxima(score, maxima);
        }
    }
}
