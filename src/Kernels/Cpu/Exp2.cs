using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Kernels.Cpu.Vectors;

namespace Distributed.Kernels.Cpu;

/// <summary>
/// 2^x for x ≤ 0, by the same operations on every path. x = n + f with n the nearest whole number; 2^f is a polynomial,
/// 2^n an addition to the exponent.
/// </summary>
/// <remarks>
/// A weight of 2^−100 and less is 0 (<see cref="Least"/>). NaN stays NaN: the low bits of a NaN as the kernels make it
/// (packing leaves no other) are 0, so that nothing is added to it.
/// </remarks>
internal static class Exp2
{
    /// <summary>
    /// A weight is 0 from here on downwards. Beside the largest weight of a row, which is 1, it would change nothing; and its products
    /// would come near 2^−126, from where on processors of some makers take a hundred times as long for each.
    /// </summary>
    public const float Least = -100f;

    // Here the polynomial is exactly 1, and its bits minus 127 in the exponent are those of 0.
    private const float Smallest = -127f;

    // The float above −127 ln 2 that is next to it: f is not below 0 there, and p not below 1.
    private const float SmallestNatural = -88.029686f;

    private const float Log2EHigh = 1.44269502f, Log2ELow = 1.92596303e-8f;

    // 1.5 · 2^23: a number this large has no fraction, so adding it rounds to the nearest whole number (ties to even),
    // and leaves that number in the low bits.
    private const float Rounder = 12582912f;

    // Minimax in relative error on [-0.5, 0.5] with the constant term held at exactly 1 (Remez), then moved by single
    // floats to where the largest error of the rounded evaluation is least: 1.9 units of the last place.
    private const float C1 = 0.693147003651f, C2 = 0.240222632885f, C3 = 0.0555073805153f, C4 = 0.00967083778232f,
        C5 = 0.00132638576906f;

    /// <summary>A weight: 2^x, but 0 from <see cref="Least"/> downwards.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Weight(float x) => x <= Least ? 0f : Scalar(x);

    /// <summary>One number, down to 2^−126; below, it runs down to 0, which it reaches at 2^−127.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Scalar(float x)
    {
        x = Smallest > x ? Smallest : x;
        float t = x + Rounder;
        float f = x - (t - Rounder);
        float p = MathF.FusedMultiplyAdd(C5, f, C4);
        p = MathF.FusedMultiplyAdd(p, f, C3);
        p = MathF.FusedMultiplyAdd(p, f, C2);
        p = MathF.FusedMultiplyAdd(p, f, C1);
        p = MathF.FusedMultiplyAdd(p, f, 1f);
        return BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(p) + (BitConverter.SingleToInt32Bits(t) << 23));
    }

    /// <summary>Sixteen weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Of<T>(T x)
        where T : struct, ILanes<T>
    {
        // What is far below the least, or −∞, comes out as any number, and is 0 in the last step.
        T t = T.Add(x, T.Create(Rounder));
        T f = T.Fraction(x, t, T.Create(Rounder));
        T p = T.FusedMultiplyAdd(T.Create(C5), f, T.Create(C4));
        p = T.FusedMultiplyAdd(p, f, T.Create(C3));
        p = T.FusedMultiplyAdd(p, f, T.Create(C2));
        p = T.FusedMultiplyAdd(p, f, T.Create(C1));
        p = T.FusedMultiplyAdd(p, f, T.Create(1f));
        return T.AddExponentAbove(p, t, x, Least);
    }

    /// <summary>e^x of sixteen numbers of at most 0, whatever registers this machine has; any number where x is above 0 or NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Natural(Vector512<float> x)
    {
        // The native ones differ from machine to machine in NaN and in the sign of 0, neither of which shows.
        x = Vector512.MaxNative(Vector512.MinNative(x, Vector512<float>.Zero), Vector512.Create(SmallestNatural));
        Vector512<float> t = Vector512.FusedMultiplyAdd(x, Vector512.Create(Log2EHigh), Vector512.Create(Rounder));
        Vector512<float> f = Vector512.FusedMultiplyAdd(x, Vector512.Create(Log2EHigh), Vector512.Create(Rounder) - t);
        return Power(Vector512.FusedMultiplyAdd(x, Vector512.Create(Log2ELow), f), t);
    }

    // 2^f times 2 to the power of the whole number in the low bits of t.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Power(Vector512<float> f, Vector512<float> t)
    {
        Vector512<float> p = Vector512.FusedMultiplyAdd(Vector512.Create(C5), f, Vector512.Create(C4));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(C3));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(C2));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512.Create(C1));
        p = Vector512.FusedMultiplyAdd(p, f, Vector512<float>.One);
        return (p.AsInt32() + (t.AsInt32() << 23)).AsSingle();
    }
}
