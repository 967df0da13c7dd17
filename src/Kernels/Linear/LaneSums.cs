using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Distributed.Kernels.Linear;

/// <summary>The sum of the lanes of a vector, in an order that no instruction set changes.</summary>
internal static class LaneSums
{
    /// <summary>i + (i + 8), then i + (i + 4), i + (i + 2), i + (i + 1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Of(Vector512<float> lanes)
    {
        Vector256<float> eight = lanes.GetLower() + lanes.GetUpper();
        Vector128<float> four = eight.GetLower() + eight.GetUpper();
        return four[0] + four[2] + (four[1] + four[3]);
    }
}
