using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Distributed.Kernels.Numerics;

namespace Distributed.Kernels.Scores;

/// <summary>
/// What is done to the scores of one tile of one head between q·k and the mask, in this order: position terms of queries and of keys, softcap, distance bias
/// (ALiBi), relative bias, additive bias. It works element by element, sixteen at a time, on scores where they lie in memory, so that
/// every kernel gets the same bits from it. Scores are in base 2 (times log2 e), so all of its numbers are too.
/// </summary>
/// <remarks>
/// A kernel calls <see cref="Apply"/> for every score that a row may see; others may be passed over. Multiples of 16 keys
/// are worked on, so there must be room behind the last score, whose contents do not matter.
/// </remarks>
public readonly unsafe struct ScoreStage
{
    /// <summary>log2 e.</summary>
    internal const double Log2E = 1.44269504088896340736;

    private readonly float _capIn;
    private readonly float _capOut;

    /// <summary>A stage for one tile.</summary>
    /// <param name="softcap">c of c · tanh(s / c); 0 = none.</param>
    public ScoreStage(double softcap)
    {
        if (softcap != 0)
            (_capIn, _capOut) = ((float)(2 / softcap), (float)(softcap * Log2E));
    }

    /// <summary>2 / c of the softcap: what makes a score y of tanh(y ln 2 / 2); 0 = none.</summary>
    internal float CapIn => _capIn;

    /// <summary>c · log2 e of the softcap.</summary>
    internal float CapOut => _capOut;

    /// <summary>−slope of ALiBi, base 2.</summary>
    internal float SlopeIn => (float)(-(double)Slope * Log2E);

    /// <summary>ALiBi slope of the head, natural units: −slope · |position − key| is added; 0 = none.</summary>
    public float Slope { get; init; }

    /// <summary>
    /// Added by distance, base 2: element <c>reach + key − position</c> of <c>2 · reach + 1</c>, the first and last one beyond
    /// them; null = none.
    /// </summary>
    public float* Relative { get; init; }

    /// <summary>The farthest distance that <see cref="Relative"/> has.</summary>
    public int Reach { get; init; }

    /// <summary>
    /// Added by distance before the softcap, base 2: a table like <see cref="Relative"/> for each row of the tile; null = none.
    /// </summary>
    public float* Tables { get; init; }

    /// <summary>Numbers from one row's table to the next.</summary>
    public nint TableStride { get; init; }

    /// <summary>The farthest distance that <see cref="Tables"/> have.</summary>
    public int TableReach { get; init; }

    /// <summary>
    /// Added by key and distance before the softcap, base 2: a row for each distance from <see cref="KeyTermFirst"/> on, in it a number
    /// for each key of the tile; null = none.
    /// </summary>
    public float* KeyTerms { get; init; }

    /// <summary>Numbers from one row of <see cref="KeyTerms"/> to the next.</summary>
    public nint KeyTermStride { get; init; }

    /// <summary>The number of the first row's distance: <c>reach + key − position</c>.</summary>
    public int KeyTermFirst { get; init; }

    /// <summary>Rows of <see cref="KeyTerms"/>.</summary>
    public int KeyTermRows { get; init; }

    /// <summary>The farthest distance that <see cref="KeyTerms"/> have.</summary>
    public int KeyTermReach { get; init; }

    /// <summary>Per row, its position minus that of the tile's first key; read where distances count.</summary>
    public float* Distances { get; init; }

    /// <summary>Added to the scores, natural units: the elements of the tile's rows and keys; no data = none.</summary>
    public BiasTile Bias { get; init; }

    /// <summary>Whether nothing comes before the distance bias.</summary>
    internal bool BeginsWithAlibi => Tables is null && KeyTerms is null && _capIn == 0;

    /// <summary>Works on scores of some rows.</summary>
    /// <param name="row">First row of the tile.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="key">First key of the tile; a multiple of 16.</param>
    /// <param name="scores">Its score in the first row and those that follow.</param>
    /// <param name="stride">Numbers from one row of scores to the next.</param>
    /// <param name="count">Scores of a row; rounded up to 16.</param>
    public void Apply(int row, int rows, int key, float* scores, nint stride, int count)
    {
        if (Tables is not null)
            AddRelative(Tables + row * TableStride, TableStride, TableReach, Distances + row, rows, key, scores, stride, count);
        if (KeyTerms is not null)
            AddKeyTerms(this, Distances + row, rows, key, scores, stride, count);
        if (_capIn != 0)
            Softcap(_capIn, _capOut, rows, scores, stride, count);
        if (Slope != 0)
            AddDistances(SlopeIn, Distances + row, rows, key, scores, stride, count);
        if (Relative is not null)
            AddRelative(Relative, 0, Reach, Distances + row, rows, key, scores, stride, count);
        if (Bias.Data is null)
            return;
        switch (Bias.Type)
        {
            case ElementType.F32:
                AddBias<F32Elements>(Bias, row, rows, key, scores, stride, count);
                break;
            case ElementType.F16:
                AddBias<F16Elements>(Bias, row, rows, key, scores, stride, count);
                break;
            default:
                AddBias<BF16Elements>(Bias, row, rows, key, scores, stride, count);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Softcap(float capIn, float capOut, int rows, float* scores, nint stride, int count)
    {
        float* held = stackalloc float[Tanh.Coefficients.Length];
        Tanh.Coefficients.CopyTo(new Span<float>(held, Tanh.Coefficients.Length));
        Vector512<float> c0 = Vector512.Create(held[0]), c1 = Vector512.Create(held[1]), c2 = Vector512.Create(held[2]), c3 = Vector512.Create(held[3]),
            c4 = Vector512.Create(held[4]), c5 = Vector512.Create(held[5]), rounder = Vector512.Create(held[6]);
        Vector512<float> into = Vector512.Create(capIn), outOf = Vector512.Create(capOut);
        for (int row = 0; row < rows; row++, scores += stride)
        {
            for (int i = 0; i < count; i += 16)
                (Tanh.OfPower(Vector512.Load(scores + i) * into, c0, c1, c2, c3, c4, c5, rounder) * outOf).Store(scores + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddDistances(
        float slope, float* distances, int rows, int key, float* scores, nint stride, int count)
    {
        Vector512<float> slopes = Vector512.Create(slope), first = Vector512.Create((float)key) + Lanes, sixteen = Vector512.Create(16f);
        for (int row = 0; row < rows; row++, scores += stride)
        {
            Vector512<float> position = Vector512.Create(distances[row]), at = first;
            for (int i = 0; i < count; i += 16)
            {
                Vector512<float> distance = Vector512.Abs(position - at);
                Vector512.FusedMultiplyAdd(distance, slopes, Vector512.Load(scores + i)).Store(scores + i);
                at += sixteen;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRelative(
        float* relative, nint tableStride, int reach, float* distances, int rows, int key, float* scores, nint stride, int count)
    {
        float* lanes = stackalloc float[16];
        for (int row = 0; row < rows; row++, scores += stride, relative += tableStride)
        {
            // A row of scores walks through the table; only where it passes an end are its sixteen taken one by one.
            long at = reach + key - (long)distances[row];
            for (int i = 0; i < count; i += 16, at += 16)
            {
                Vector512<float> added;
                if (at >= 0 && at + 15 <= 2 * reach)
                {
                    added = Vector512.Load(relative + at);
                }
                else if (at + 15 < 0 || at > 2 * reach)
                {
                    added = Vector512.Create(relative[at < 0 ? 0 : 2 * reach]);
                }
                else
                {
                    for (int lane = 0; lane < 16; lane++)
                        lanes[lane] = relative[Math.Clamp(at + lane, 0, 2 * reach)];
                    added = Vector512.Load(lanes);
                }
                (Vector512.Load(scores + i) + added).Store(scores + i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddKeyTerms(in ScoreStage stage, float* distances, int rows, int key, float* scores, nint stride, int count)
    {
        float* lanes = stackalloc float[16], first = stage.KeyTerms + key;
        nint step = stage.KeyTermStride;
        long last = 2L * stage.KeyTermReach, skipped = stage.KeyTermFirst, end = skipped + stage.KeyTermRows - 1;
        for (int row = 0; row < rows; row++, scores += stride)
        {
            // Along a row of scores key and distance grow together: it is a diagonal of the products, but for its ends.
            long at = stage.KeyTermReach + key - (long)distances[row];
            for (int i = 0; i < count; i += 16, at += 16)
            {
                float* of = lanes;
                if (at + 15 <= 0 || at >= last)
                {
                    of = first + i + (nint)((at < last ? 0 : last) - skipped) * step;
                }
                else
                {
                    // Keys behind the tile's last may have no row, and what is added to them does not matter.
                    for (int lane = 0; lane < 16; lane++)
                        lanes[lane] = first[i + lane + (nint)(Math.Clamp(at + lane, 0, end) - skipped) * step];
                }
                (Vector512.Load(scores + i) + Vector512.Load(of)).Store(scores + i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddBias<T>(BiasTile bias, int first, int rows, int key, float* scores, nint stride, int count)
        where T : struct, IElements
    {
        float* padded = stackalloc float[16];
        // As a float log2 e is off by a quarter of what the sum is rounded by.
        Vector512<float> log2E = Vector512.Create((float)Log2E), notANumber = Vector512.Create(float.NaN);
        int there = bias.Keys - key;
        long rowStride = bias.RowStride;
        byte* of = bias.Data + first * rowStride + (nint)key * T.Size;
        for (int row = 0; row < rows; row++, scores += stride, of += rowStride)
        {
            // Rows lie far apart and only a piece of each is read at a time, which no prefetcher of the machine follows. Often
            // they lie a multiple of 4 KB apart, so that the first-level cache has room for few: what is read next goes there,
            // what is read when the next panel of keys comes to the second level.
            for (int at = 0; Sse.IsSupported && at < count * T.Size; at += 64)
            {
                Sse.Prefetch1(of + count * T.Size + at);
                Sse.Prefetch0(of + rows * rowStride + at);
            }
            for (int i = 0; i < count; i += 16)
            {
                Vector512<float> added = i + 16 <= there ? T.Load(of + i * T.Size) : T.LoadPart(of + i * T.Size, there - i, padded);
                Vector512<float> score = Vector512.FusedMultiplyAdd(added, log2E, Vector512.Load(scores + i));
                // A NaN from a tensor may have any low bits, and Exp2 counts on those of float.NaN.
                Vector512.ConditionalSelect(Vector512.Equals(score, score), score, notANumber).Store(scores + i);
            }
        }
    }

    private static Vector512<float> Lanes => Vector512.Create(
        0f, 1f, 2f, 3f, 4f, 5f, 6f, 7f, 8f, 9f, 10f, 11f, 12f, 13f, 14f, 15f);
}
