using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Masks;

namespace Distributed.Kernels.Additive;

/// <summary>Additive scores of a tile. Vectors hold sixteen keys, so that every width of registers gives the same bits.</summary>
internal static unsafe class AdditiveScores
{
    private const int Width = AdditiveKeys.Width;

    /// <summary>
    /// Writes scores of some rows in base 2, the rows' score stage included. Scores of panels that the mask hides are left
    /// as they were.
    /// </summary>
    /// <param name="queries">Packed queries of a span.</param>
    /// <param name="firstRow">First row.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="keys">Packed keys.</param>
    /// <param name="mask">The mask of these rows; null = every row sees every key.</param>
    /// <param name="scores"><c>[rows, keys rounded up to 16]</c>.</param>
    /// <param name="stride">Numbers from one row of scores to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Compute(
        in PackedQueries queries, int firstRow, int rows, in PackedKeys keys, MaskWords? mask, float* scores, nint stride)
    {
        var q = new AdditiveQueries(queries.Data, queries.Rows, queries.Dim);
        var k = new AdditiveKeys(keys.Data, keys.Count, keys.Dim);
        for (int panel = 0; panel < k.Panels; panel++)
        {
            for (int row = 0; row < rows; row += 2)
            {
                int last = Math.Min(row + 1, rows - 1);
                if (mask is { } words && !Sees(words, row, panel) && !Sees(words, last, panel))
                    continue;
                Pair(q, firstRow + row, firstRow + last, k, panel, scores + row * stride + panel * Width, (last - row) * stride);
            }
        }
        if (queries.Stage is not null)
            queries.Stage->Apply(firstRow, rows, 0, scores, stride, k.Panels * Width);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pair(in AdditiveQueries q, int first, int second, in AdditiveKeys k, int panel, float* scores, nint toSecond)
    {
        int padded = q.Padded;
        float* powersOfFirst = q.Powers + (nint)first * padded, powersOfSecond = q.Powers + (nint)second * padded;
        float* keys = k.Powers(panel), factors = q.Factors;
        Vector512<float> a = Vector512<float>.Zero, b = Vector512<float>.Zero;
        for (int from = 0; from < padded; from += TanhSum.ChunkElements)
        {
            TanhSum.Chunk(
                powersOfFirst + from, powersOfSecond + from, keys + from * Width, factors + from,
                Math.Min(TanhSum.ChunkElements, padded - from), ref a, ref b);
        }
        Vector512<float> sum = Vector512.Create(q.Sum);
        int wide = k.Wide[panel];
        Finish(q, first, k, panel, wide, a + sum).Store(scores);
        Finish(q, second, k, panel, wide, b + sum).Store(scores + toSecond);
    }

    // A wide row or key has powers that are no numbers; its scores are made the long way.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Finish(in AdditiveQueries q, int row, in AdditiveKeys k, int panel, int wide, Vector512<float> score)
    {
        if (wide == 0 && q.Wide[row] == 0)
            return score;
        Vector512<float> exact = TanhSum.Long(q.Plain + (nint)row * q.Padded, k.Plain(panel), q.Vector, q.Padded);
        exact = Vector512.ConditionalSelect(Vector512.Equals(exact, exact), exact, Vector512.Create(float.NaN));
        Vector512<int> bits = Vector512.Create(q.Wide[row] != 0 ? 0xFFFF : wide) & Lanes;
        return Vector512.ConditionalSelect(Vector512.Equals(bits, Lanes).AsSingle(), exact, score);
    }

    private static Vector512<int> Lanes => Vector512.Create(
        1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Sees(MaskWords mask, int row, int panel) =>
        (mask.Row(row)[panel / 4] >> (panel % 4 * Width) & 0xFFFF) != 0;
}
