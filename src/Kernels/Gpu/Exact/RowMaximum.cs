using ILGPU;

namespace Distributed.Kernels.Gpu.Exact;

/// <summary>The largest score of a row, found by the threads that hold parts of it.</summary>
internal static class RowMaximum
{
    /// <summary>Joins a number of each thread into the row's maximum. NaN never becomes one.</summary>
    /// <param name="max">Maxima of rows, in shared memory.</param>
    /// <param name="row">The row.</param>
    /// <param name="mine">The largest number of this thread, −∞ if it has none.</param>
    /// <param name="threads">Threads that share the row: 8 or 16 that follow one another.</param>
    public static void Into(ArrayView<float> max, int row, float mine, int threads)
    {
        for (int apart = threads / 2; apart > 0; apart /= 2)
        {
            float other = Warp.ShuffleXor(mine, apart);
            mine = other > mine ? other : mine;
        }
        if (Group.IdxX % threads == 0 && mine > max[row])
            max[row] = mine;
    }
}
