using System.Runtime.CompilerServices;
using Distributed.Kernels.Masks;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// Scores of few rows, the keys read once, as they lie: sixteen (or a strip of two vectors for more than
/// <see cref="Blocking.SingleRows"/> rows, which load a query element less often) are transposed into a panel that leaves the
/// first-level cache to what streams in, used by all rows, and forgotten.
/// </summary>
/// <typeparam name="T">Sixteen lanes.</typeparam>
/// <typeparam name="T2">A strip of two vectors, or T.</typeparam>
internal static unsafe class ScoreStream<T, T2>
    where T : struct, ILanes<T>
    where T2 : struct, IStrip<T2>
{
    private const int Group = Blocking.GroupRows, Lanes = Arithmetic.Lanes;

    /// <summary>Fills <see cref="Workspace.Scores"/> and <see cref="Workspace.Maxima"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(in PackedQueries queries, in RowStream keys, MaskWords? mask, RowBlock block, Workspace work)
    {
        if (block.Rows > Blocking.SingleRows)
            Panels<T2>(queries, keys, mask, block, work);
        else
            Panels<T>(queries, keys, mask, block, work);
        for (int group = 0; group < block.Groups; group++)
            Finish(queries, keys.Rows.Count, mask, block, group, work);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Panels<TPanel>(in PackedQueries queries, in RowStream keys, MaskWords? mask, RowBlock block, Workspace work)
        where TPanel : struct, IStrip<TPanel>
    {
        int dim = Packing.PaddedDim(queries.Dim);
        float* first = (float*)queries.Data + (nint)block.First * dim;
        for (int key = 0; key < keys.Rows.Count; key += TPanel.Width)
        {
            if (mask is not null && !block.SeesAny(new KeyRange(key, key + TPanel.Width)))
                continue;
            KeyPacking<T>.Panel(keys, key, TPanel.Width, work.PanelKeys);
            float* scores = work.Scores + key, query = first;
            for (int row = 0; row < block.Rows; row += Group, scores += Group * Blocking.ScoreStride, query += Group * dim)
            {
                int rows = Math.Min(Group, block.Rows - row);
                if (rows > FourRows.Count)
                    ScoreTiles.Compute<TPanel, SixRows>(query, work.PanelKeys, dim, scores, null, (byte*)work.PanelKeys);
                else if (rows > Blocking.SingleRows)
                    ScoreTiles.Compute<TPanel, FourRows>(query, work.PanelKeys, dim, scores, null, (byte*)work.PanelKeys);
                for (int i = 0; i < rows && rows <= Blocking.SingleRows; i++)
                    ScoreTiles.ComputeRow<TPanel>(query + i * dim, work.PanelKeys, dim, scores + i * Blocking.ScoreStride);
            }
        }
    }

    // What comes behind the products: the stage, the mask, the maxima. Keys were read as they are, so a score may be any NaN.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Finish(in PackedQueries queries, int keys, MaskWords? mask, RowBlock block, int group, Workspace work)
    {
        KeyRange seen = block.Seen(group);
        int first = group * Group, rows = block.RowsOf(group);
        float* scores = work.Scores + (nint)first * Blocking.ScoreStride;
        if (queries.Stage is not null && !seen.IsEmpty)
            queries.Stage->Apply(block.First + first, rows, seen.First, scores + seen.First, Blocking.ScoreStride, seen.End - seen.First);
        for (int row = 0; row < rows; row++, scores += Blocking.ScoreStride)
        {
            T max = T.Create(float.NegativeInfinity);
            ReadOnlySpan<ulong> words = mask is { } all ? all.Row(block.First + first + row) : [];
            for (int key = seen.First; key < seen.End; key += Lanes)
            {
                uint bits = !words.IsEmpty ? (uint)(words[key / 64] >> (key % 64))
                    : keys - key >= Lanes ? uint.MaxValue : (1u << (keys - key)) - 1;
                T score = T.Select(bits, T.CanonicalNaN(T.Load(scores + key)), T.Create(float.NegativeInfinity));
                T.Store(score, scores + key);
                max = T.Max(score, max);
            }
            T.Store(max, work.Maxima + (first + row) * Lanes);
        }
    }
}
