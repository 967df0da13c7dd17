namespace Distributed.Kernels.Cpu;

/// <summary>2^x for x ≤ 0, by the same operations on every path.</summary>
internal static class Exp2
{
    /// <summary>Below this the result is 0: weights under 2^−125 change no sum that holds a weight of 1.</summary>
    public const float Smallest = -125f;

    // Taylor coefficients ln(2)^k / k! up to k = 7, on [-0.5, 0.5].
    private const float C1 = 0.693147181f, C2 = 0.240226507f, C3 = 0.0555041087f, C4 = 0.00961812911f,
        C5 = 0.00133335581f, C6 = 0.000154035304f, C7 = 0.0000152527338f;

    /// <summary>One number.</summary>
    public static float Scalar(float x)
    {
        if (x < Smallest)
            return 0f;
        float n = MathF.Round(x);
        float f = x - n;
        float p = C7;
        p = MathF.FusedMultiplyAdd(p, f, C6);
        p = MathF.FusedMultiplyAdd(p, f, C5);
        p = MathF.FusedMultiplyAdd(p, f, C4);
        p = MathF.FusedMultiplyAdd(p, f, C3);
        p = MathF.FusedMultiplyAdd(p, f, C2);
        p = MathF.FusedMultiplyAdd(p, f, C1);
        p = MathF.FusedMultiplyAdd(p, f, 1f);
        return float.IsNaN(x) ? x : BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(p) + ((int)n << 23));
    }
}
