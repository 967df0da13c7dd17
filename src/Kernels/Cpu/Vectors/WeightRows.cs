using System.Runtime.CompilerServices;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// Scores of one group on some keys of one chunk that are still to become weights, row after row. The product of another
/// tile takes them along a row at a time: their additions, comparisons and shifts run on pipes that multiply-adds leave
/// idle.
/// </summary>
internal unsafe struct WeightRows
{
    private float* _scores;
    private float* _shifts;
    private float* _sums;
    private int _left;

    /// <summary>The rows of a group.</summary>
    /// <param name="work">The workspace.</param>
    /// <param name="group">The group.</param>
    /// <param name="keys">The keys; not empty.</param>
    public WeightRows(in Workspace work, int group, KeyRange keys)
    {
        int row = group * Blocking.GroupRows;
        int first = keys.First & ~(Arithmetic.Lanes - 1);
        _scores = work.Scores + (nint)row * Blocking.ScoreStride + first;
        _shifts = work.Shifts + row;
        _sums = work.WeightSums + row * Arithmetic.Lanes;
        _left = Blocking.GroupRows;
        Vectors = (keys.End - first + Arithmetic.Lanes - 1) / Arithmetic.Lanes;
    }

    /// <summary>Rows still to do.</summary>
    public readonly int Left => _left;

    /// <summary>Vectors of scores in a row.</summary>
    public int Vectors { get; }

    /// <summary>Turns the scores of the next row into weights and adds them, lane by lane, to the row's sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Next<T>()
        where T : struct, ILanes<T>
    {
        T shift = T.Create(*_shifts);
        T sum = T.Load(_sums);
        float* end = _scores + Vectors * Arithmetic.Lanes;
        for (float* at = _scores; at < end; at += Arithmetic.Lanes)
        {
            T weight = Exp2.Of(T.Subtract(T.Load(at), shift));
            T.Store(weight, at);
            sum = T.Add(sum, weight);
        }
        T.Store(sum, _sums);
        _scores += Blocking.ScoreStride;
        _shifts++;
        _sums += Arithmetic.Lanes;
        _left--;
    }

    /// <summary>All rows that are left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Finish<T>(ref WeightRows rows)
        where T : struct, ILanes<T>
    {
        WeightRows local = rows;
        while (local._left > 0)
            local.Next<T>();
        rows = local;
    }

    /// <summary>
    /// Turns the scores of one row into final weights, 0 for keys that it may not see even where the row is NaN throughout.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Final<T>(float* scores, KeyRange keys, ReadOnlySpan<ulong> seen, float logSumExp)
        where T : struct, ILanes<T>
    {
        for (int key = keys.First & ~(Arithmetic.Lanes - 1); key < keys.End; key += Arithmetic.Lanes)
        {
            T weight = Exp2.Of(T.Subtract(T.Load(scores + key), T.Create(logSumExp)));
            if (!seen.IsEmpty)
                weight = T.Select((uint)(seen[key / 64] >> (key % 64)), weight, T.Zero);
            T.Store(weight, scores + key);
        }
    }
}
