using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Distributed.Engine.Analytics;

/// <summary>The sum of weights of one row, in sixteen lanes whatever the registers: the same bits on every machine.</summary>
internal static class LaneSum
{
    /// <summary>The sum.</summary>
    public static double Of(ReadOnlySpan<float> weights)
    {
        Vector512<float> lanes = Vector512<float>.Zero;
        foreach (Vector512<float> sixteen in MemoryMarshal.Cast<float, Vector512<float>>(weights))
            lanes += sixteen;
        double sum = 0;
        for (int lane = 0; lane < Vector512<float>.Count; lane++)
            sum += lanes[lane];
        foreach (float weight in weights[(weights.Length & ~(Vector512<float>.Count - 1))..])
            sum += weight;
        return sum;
    }
}
