using System.Runtime.CompilerServices;
using Distributed.Kernels.Masks;
using Distributed.Kernels.Memory;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// Scores of few rows, the keys read once, as they lie: sixteen are transposed into a panel that leaves the first-level
/// cache to what streams in, used by all rows, and forgotten.
/// </summary>
/// <typeparam name="T">Sixteen lanes.</typeparam>
internal static unsafe class ScoreStream<T>
    where T : struct, ILanes<T>
{
    private const int Group = Blocking.GroupRows, Lanes = Arithmetic.Lanes;

    /// <summary>Fills <see cref="Workspace.Scores"/> and <see cref="Workspace.Maxima"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(in PackedQueries queries, in TensorRows keys, MaskWords? mask, RowBlock block, Workspace work)
    {
        int dim = Packing.PaddedDim(queries.Dim);
        float* first = (float*)queries.Data + (nint)block.First * dim;
        for (int key = 0; key < keys.Count; key += Lanes)
        {
            if (mask is not null && !block.SeesAny(new KeyRange(key, key + Lanes)))
                continue;
            KeyPacking<T>.Panel(keys, key, Lanes, work.PanelKeys);
            float* scores = work.Scores + key, query = first;
            for (int row = 0; row < block.Rows; row += Group, scores += Group * Blocking.ScoreStride, query += Group * dim)
            {
                int rows = Math.Min(Group, block.Rows - row);
                if (rows > Blocking.SingleRows)
                {
                    ScoreTiles.Compute<T>(query, work.PanelKeys, dim, scores, null, (byte*)work.PanelKeys);
                    continue;
                }
                for (int i = 0; i < rows; i++)
                    ScoreTiles.ComputeRow<T>(query + i, work.PanelKeys, dim, scores + i * Blocking.ScoreStride);
            }
        }
        for (int group = 0; group < block.Groups; group++)
            Finish(queries, keys.Count, mask, block, group, work);
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
