using System.Runtime.CompilerServices;
using Distributed.Kernels.Masks;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// Weights of a block of rows whose LSE is known. Nothing has to wait for a row's maximum, so each register tile of scores
/// becomes weights while it is in the first-level cache, and the processor begins the next tile's products meanwhile.
/// </summary>
/// <typeparam name="T">Sixteen lanes.</typeparam>
/// <typeparam name="TPanel">A strip as wide as a panel of packed keys.</typeparam>
internal static unsafe class FinalPass<T, TPanel>
    where T : struct, ILanes<T>
    where TPanel : struct, IStrip<TPanel>
{
    private const int Group = Blocking.GroupRows, Lanes = Arithmetic.Lanes, ScoreStride = Blocking.ScoreStride;

    /// <summary>Writes the weights; 0 for keys that a row may not see, even where the row is NaN throughout.</summary>
    /// <param name="queries">Packed queries.</param>
    /// <param name="keys">Packed keys.</param>
    /// <param name="mask">Which row may see which key; null = every row every key.</param>
    /// <param name="block">The rows.</param>
    /// <param name="work">The workspace; a tile of its scores and its shifts are used.</param>
    /// <param name="logSumExp">LSE of all the queries' rows, base 2.</param>
    /// <param name="weights"><c>[rows, keys]</c> of all the queries' rows.</param>
    /// <param name="rowStride">Numbers from one row of <paramref name="weights"/> to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(
        in PackedQueries queries, in PackedKeys keys, MaskWords? mask, RowBlock block, Workspace work, float* logSumExp,
        float* weights, nint rowStride)
    {
        int dim = Packing.PaddedDim(queries.Dim);
        for (int row = 0; row < block.Rows; row++)
            work.Shifts[row] = Arithmetic.Shift(logSumExp[block.First + row]);
        for (int key = 0; key < keys.Count; key += TPanel.Width)
        {
            float* panel = (float*)keys.Data + (nint)key * dim;
            var fetch = (byte*)(panel + (nint)TPanel.Width * dim);
            int width = Math.Min(TPanel.Width, keys.Count - key);
            for (int group = 0; group < block.Groups; group++)
            {
                int rows = block.RowsOf(group), first = block.First + group * Group;
                float* to = weights + first * rowStride + key;
                KeyRange seen = block.Seen(group);
                if (key + width <= seen.First || key >= seen.End)
                {
                    for (int row = 0; row < rows; row++)
                        new Span<float>(to + row * rowStride, width).Clear();
                    continue;
                }
                Scores((float*)queries.Data + (nint)first * dim, panel, dim, rows, work.Scores, fetch);
                fetch += dim / 2 * Ahead.LineBytes;
                if (queries.Stage is not null)
                    queries.Stage->Apply(first, rows, key, work.Scores, ScoreStride, TPanel.Width);
                if (width == TPanel.Width && block.View(group).SeesAll(key, width))
                {
                    Whole(work.Scores, work.Shifts + group * Group, rows, to, rowStride);
                    continue;
                }
                for (int row = 0; row < rows; row++)
                {
                    ulong bits = mask is { } words ? words.Row(first + row)[key / 64] >> (key % 64) : ulong.MaxValue;
                    Row(work.Scores + row * ScoreStride, work.Shifts[group * Group + row], bits, width, to + row * rowStride);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scores(float* query, float* panel, int dim, int rows, float* scores, byte* fetch)
    {
        if (rows > FourRows.Count)
            ScoreTiles.Compute<TPanel, SixRows>(query, panel, dim, scores, null, fetch);
        else if (rows > Blocking.SingleRows)
            ScoreTiles.Compute<TPanel, FourRows>(query, panel, dim, scores, null, fetch);
        else
        {
            for (int row = 0; row < rows; row++)
                ScoreTiles.ComputeRow<TPanel>(query + row * dim, panel, dim, scores + row * ScoreStride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Whole(float* scores, float* shifts, int rows, float* to, nint rowStride)
    {
        for (; rows > 0; rows--)
        {
            T shift = T.Create(*shifts++);
            for (int lane = 0; lane < TPanel.Width; lane += Lanes)
                T.Store(Exp2.Of(T.Subtract(T.Load(scores + lane), shift)), to + lane);
            scores += ScoreStride;
            to += rowStride;
        }
    }

    private static void Row(float* scores, float shift, ulong seen, int width, float* to)
    {
        for (int lane = 0; lane < width; lane += Lanes)
        {
            T weight = T.Select((uint)(seen >> lane), Exp2.Of(T.Subtract(T.Load(scores + lane), T.Create(shift))), T.Zero);
            if (lane + Lanes <= width)
            {
                T.Store(weight, to + lane);
                continue;
            }
            // The caller's row ends here.
            T.Store(weight, scores + lane);
            new ReadOnlySpan<float>(scores + lane, width - lane).CopyTo(new Span<float>(to + lane, width - lane));
        }
    }
}
