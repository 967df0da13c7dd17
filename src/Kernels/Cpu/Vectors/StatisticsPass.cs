using System.Runtime.CompilerServices;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// Makes a span's weights of its scores, as <see cref="WeightRows"/> does and to the same bits, and statistics of them on the
/// way: an exponential is made once, and the output has the same bits with and without.
/// </summary>
/// <typeparam name="T">Sixteen lanes.</typeparam>
internal static unsafe class StatisticsPass<T>
    where T : struct, ILanes<T>
{
    private const int Lanes = Arithmetic.Lanes;

    private static readonly float[] Ascending = GC.AllocateArray<float>(Lanes, pinned: true);

    static StatisticsPass()
    {
        for (int lane = 0; lane < Lanes; lane++)
            Ascending[lane] = lane;
    }

    /// <summary>All rows of a block: fills <see cref="Workspace.WeightSums"/> too.</summary>
    public static void Run(RowBlock block, Workspace work, in RowStatistics statistics, int keys)
    {
        new Span<float>(work.WeightSums, block.Groups * Blocking.GroupRows * Lanes).Clear();
        for (int row = 0; row < block.Rows; row++)
        {
            KeyRange seen = block.Seen(row / Blocking.GroupRows);
            if (seen.IsEmpty)
                continue;
            Row(
                work.Scores + (nint)row * Blocking.ScoreStride, seen, work.Shifts[row], statistics, block.First + row, keys,
                work.WeightSums + row * Lanes);
        }
    }

    /// <summary>One row.</summary>
    /// <param name="scores">Its scores, −∞ where it does not see a key and in the lanes behind the last key; then its weights.</param>
    /// <param name="seen">The keys to look at; they begin with a whole vector.</param>
    /// <param name="shift">What scores are taken relative to.</param>
    /// <param name="statistics">Takes the sums.</param>
    /// <param name="row">The row's number there.</param>
    /// <param name="keys">Keys of the span.</param>
    /// <param name="sums">The sums of its weights, lane by lane.</param>
    public static void Row(
        float* scores, KeyRange seen, float shift, in RowStatistics statistics, int row, int keys, float* sums)
    {
        float behind = statistics.DistanceOf(row);
        (int windowFirst, int windowEnd) = statistics.WindowOf(row, keys);
        // By the whole span, not by what is seen of it, which kernels tell more or less closely.
        bool plain = windowFirst >= windowEnd && statistics.SinkKeys == 0;
        if (plain && behind >= keys)
            OneSided(scores, seen, shift, statistics, row, behind, 1, sums);
        else if (plain && behind < 0)
            OneSided(scores, seen, shift, statistics, row, behind, -1, sums);
        else
            Near(scores, seen, shift, statistics, row, (windowFirst, windowEnd), sums);
    }

    // All keys lie on one side of the position, so a distance is an offset but for its sign, and goes on by 16 from vector to
    // vector: whole numbers, which F32 adds exactly.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void OneSided(
        float* scores, KeyRange seen, float shift, in RowStatistics statistics, int row, float behind, int side, float* sums)
    {
        T relativeTo = T.Create(shift), step = T.Create(side * Lanes), least = T.Create(Exp2.Least);
        T ascending = T.Load((float*)Unsafe.AsPointer(ref Ascending[0]));
        T distance = T.Subtract(T.Create(side * (behind - seen.First)), T.FusedMultiplyAdd(ascending, T.Create(side), T.Zero));
        // 0 · −∞ would be no number: below the least a weight is 0.
        T weights = T.Zero, exponents = T.Zero, distances = T.Zero, squares = T.Zero;
        for (float* at = scores + seen.First, end = scores + seen.End; at < end; at += Lanes)
        {
            T exponent = T.Subtract(T.Load(at), relativeTo);
            T weight = Exp2.Of(exponent);
            T.Store(weight, at);
            weights = T.Add(weights, weight);
            exponents = T.FusedMultiplyAdd(weight, T.Max(least, exponent), exponents);
            T moment = T.FusedMultiplyAdd(weight, distance, T.Zero);
            distances = T.Add(distances, moment);
            squares = T.FusedMultiplyAdd(moment, distance, squares);
            distance = T.Subtract(distance, step);
        }
        T.Store(weights, sums);
        float far = T.Sum(distances);
        statistics.Add(row, shift, T.Sum(weights), T.Sum(exponents), far, T.Sum(squares), side * far, 0, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Near(
        float* scores, KeyRange seen, float shift, in RowStatistics statistics, int row, (int First, int End) windowKeys, float* sums)
    {
        float behind = statistics.DistanceOf(row);
        T ascending = T.Load((float*)Unsafe.AsPointer(ref Ascending[0])), relativeTo = T.Create(shift);
        T weights = T.Zero, exponents = T.Zero, distances = T.Zero, squares = T.Zero, offsets = T.Zero, window = T.Zero, sinks = T.Zero;
        for (int key = seen.First; key < seen.End; key += Lanes)
        {
            T exponent = T.Subtract(T.Load(scores + key), relativeTo);
            T weight = Exp2.Of(exponent);
            T.Store(weight, scores + key);
            T offset = T.Subtract(T.Create(behind - key), ascending);
            T distance = T.Max(offset, T.Subtract(T.Zero, offset));
            T moment = T.FusedMultiplyAdd(weight, distance, T.Zero);
            weights = T.Add(weights, weight);
            exponents = T.FusedMultiplyAdd(weight, T.Max(T.Create(Exp2.Least), exponent), exponents);
            distances = T.Add(distances, moment);
            squares = T.FusedMultiplyAdd(moment, distance, squares);
            offsets = T.FusedMultiplyAdd(weight, offset, offsets);
            if (key < windowKeys.End && key + Lanes > windowKeys.First)
                window = T.Add(window, T.Select(Bits(key, windowKeys.First, windowKeys.End), weight, T.Zero));
            if (key < statistics.SinkKeys)
                sinks = T.Add(sinks, T.Select(Bits(key, 0, statistics.SinkKeys), weight, T.Zero));
        }
        T.Store(weights, sums);
        statistics.Add(
            row, shift, T.Sum(weights), T.Sum(exponents), T.Sum(distances), T.Sum(squares), T.Sum(offsets), T.Sum(window),
            T.Sum(sinks));
    }

    // Which of sixteen keys lie in a range.
    private static uint Bits(int key, int first, int end)
    {
        int from = Math.Clamp(first - key, 0, Lanes), to = Math.Clamp(end - key, 0, Lanes);
        return ((1u << to) - 1) & ~((1u << from) - 1);
    }
}
