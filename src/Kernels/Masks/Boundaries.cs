namespace Distributed.Kernels.Masks;

/// <summary>Search in ascending boundaries.</summary>
internal static class Boundaries
{
    /// <summary>How many of the ascending <paramref name="values"/> are at most <paramref name="limit"/>; O(log n).</summary>
    public static int CountUpTo(ReadOnlySpan<long> values, long limit)
    {
        int low = 0, high = values.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (values[middle] <= limit)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
