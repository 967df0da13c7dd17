using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Distributed.Kernels.Scores;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// Scores of a whole group on a whole panel of keys to which the one part of a <see cref="ScoreStage"/> is still to be done, a row at a time:
/// the product of the next tile takes them along, as <see cref="WeightRows"/> are taken along. Done between two tiles,
/// they would wait for the last sums of the one, and the other for them.
/// </summary>
/// <typeparam name="TPart">The part.</typeparam>
/// <param name="part">The part.</param>
internal unsafe struct StageRows<TPart>(TPart part) : ITileWork
    where TPart : struct, IScorePart
{
    private float* _scores;
    private float* _maxima;
    private int _row;
    private int _key;

    /// <inheritdoc/>
    public static bool Any => true;

    /// <inheritdoc/>
    public int Pieces { get; private set; }

    /// <summary>Takes the scores of a group; those before must be done.</summary>
    /// <param name="scores">The first score; rows are <see cref="Blocking.ScoreStride"/> numbers apart.</param>
    /// <param name="maxima"><c>[6, 16]</c> running maxima to raise.</param>
    /// <param name="row">First row of the group.</param>
    /// <param name="key">First key of the panel.</param>
    public void Take(float* scores, float* maxima, int row, int key)
    {
        _scores = scores;
        _maxima = maxima;
        _row = row;
        _key = key;
        Pieces = Blocking.GroupRows;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Next()
    {
        float* at = _scores, maxima = _maxima;
        part.Begin(_row, _key);
        Vector512<float> max = Vector512.Load(maxima);
        max = One(at, 0, max);
        max = One(at, 16, max);
        max = One(at, 32, max);
        max = One(at, 48, max);
        max.Store(maxima);
        _scores = at + Blocking.ScoreStride;
        _maxima = maxima + Arithmetic.Lanes;
        _row++;
        Pieces--;
    }

    /// <summary>All pieces that are left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Finish()
    {
        if (Pieces > 0)
            Rest();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Rest()
    {
        while (Pieces > 0)
            Next();
    }

    // The second operand is what the maximum is where the score is NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector512<float> One(float* scores, int at, Vector512<float> max)
    {
        Vector512<float> made = part.Of(Vector512.Load(scores + at), at);
        made.Store(scores + at);
        return Avx512F.Max(made, max);
    }
}
