using System.Runtime.CompilerServices;
using ILGPU;

namespace Distributed.Kernels.Gpu.Exact;

/// <summary>The largest score of a row, found by the threads that hold parts of it. The order in which they do it shows nowhere.</summary>
internal static class RowMaximum
{
    /// <summary>Joins a number of each thread into the row's maximum. All threads of a group call it together.</summary>
    /// <param name="max">Maxima of rows, in shared memory.</param>
    /// <param name="row">The row.</param>
    /// <param name="mine">The largest number of this thread, −∞ if it has none; never NaN.</param>
    public static void Into<TShape>(ArrayView<float> max, int row, float mine)
        where TShape : struct, IExactShape
    {
        if (TShape.Shuffles)
            Shuffled(max, row, mine, TShape.ColumnThreads);
        else
            Atomically(ref max[row], mine);
    }

    private static void Shuffled(ArrayView<float> max, int row, float mine, int threads)
    {
        for (int apart = threads / 2; apart > 0; apart /= 2)
        {
            float other = Warp.ShuffleXor(mine, apart);
            mine = other > mine ? other : mine;
        }
        if (Group.IdxX % threads == 0 && mine > max[row])
            max[row] = mine;
    }

    // Numbers without a sign are ordered as their bits are; among those with one, the fewer bits the larger, and all have more
    // bits than those without.
    private static void Atomically(ref float max, float mine)
    {
        int bits = BitConverter.SingleToInt32Bits(mine);
        if (bits >= 0)
            Atomic.Max(ref Unsafe.As<float, int>(ref max), bits);
        else
            Atomic.Min(ref Unsafe.As<float, uint>(ref max), (uint)bits);
    }
}
