using System.Runtime.CompilerServices;
using Distributed.Kernels.States;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// Statistics of a span's weights, worked out from the scores between the rise of the maxima and the making of the weights:
/// neither of those two sees anything of it, so the output has the same bits with and without.
/// </summary>
/// <typeparam name="T">Sixteen lanes.</typeparam>
internal static unsafe class StatisticsPass<T>
    where T : struct, ILanes<T>
{
    private const int Lanes = Arithmetic.Lanes;

    // Below this a weight is 0, and 0 · −∞ would be no number.
    private const float Least = -150f;

    private static readonly float[] Ascending = GC.AllocateArray<float>(Lanes, pinned: true);

    static StatisticsPass()
    {
        for (int lane = 0; lane < Lanes; lane++)
            Ascending[lane] = lane;
    }

    /// <summary>All rows of a block.</summary>
    public static void Run(RowBlock block, Workspace work, in RowStatistics statistics, int keys)
    {
        for (int row = 0; row < block.Rows; row++)
        {
            KeyRange seen = block.Seen(row / Blocking.GroupRows);
            if (!seen.IsEmpty)
                Row(work.Scores + (nint)row * Blocking.ScoreStride, seen, work.Shifts[row], statistics, block.First + row, keys);
        }
    }

    /// <summary>One row.</summary>
    /// <param name="scores">Its scores, −∞ where it does not see a key and in the lanes behind the last key.</param>
    /// <param name="seen">The keys to look at; they begin with a whole vector.</param>
    /// <param name="shift">What scores are taken relative to.</param>
    /// <param name="statistics">Takes the sums.</param>
    /// <param name="row">The row's number there.</param>
    /// <param name="keys">Keys of the span.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row(float* scores, KeyRange seen, float shift, in RowStatistics statistics, int row, int keys)
    {
        float behind = statistics.DistanceOf(row);
        (int windowFirst, int windowEnd) = statistics.WindowOf(row, keys);
        T ascending = T.Load((float*)Unsafe.AsPointer(ref Ascending[0])), relativeTo = T.Create(shift);
        T weights = T.Zero, exponents = T.Zero, distances = T.Zero, squares = T.Zero, offsets = T.Zero, window = T.Zero, sinks = T.Zero;
        for (int key = seen.First; key < seen.End; key += Lanes)
        {
            T exponent = T.Subtract(T.Load(scores + key), relativeTo);
            T weight = Exp2.Of(exponent);
            T offset = T.Subtract(T.Create(behind - key), ascending);
            T distance = T.Max(offset, T.Subtract(T.Zero, offset));
            T moment = T.FusedMultiplyAdd(weight, distance, T.Zero);
            weights = T.Add(weights, weight);
            exponents = T.FusedMultiplyAdd(weight, T.Max(T.Create(Least), exponent), exponents);
            distances = T.Add(distances, moment);
            squares = T.FusedMultiplyAdd(moment, distance, squares);
            offsets = T.FusedMultiplyAdd(weight, offset, offsets);
            if (key < windowEnd && key + Lanes > windowFirst)
                window = T.Add(window, T.Select(Bits(key, windowFirst, windowEnd), weight, T.Zero));
            if (key < statistics.SinkKeys)
                sinks = T.Add(sinks, T.Select(Bits(key, 0, statistics.SinkKeys), weight, T.Zero));
        }
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
