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
        Vector512<double> eight = Vector512.WidenLower(lanes) + Vector512.WidenUpper(lanes);
        Vector256<double> four = eight.GetLower() + eight.GetUpper();
        Vector128<double> two = four.GetLower() + four.GetUpper();
        double sum = two[0] + two[1];
        foreach (float weight in weights[(weights.Length & ~(Vector512<float>.Count - 1))..])
            sum += weight;
        return sum;
    }
}
