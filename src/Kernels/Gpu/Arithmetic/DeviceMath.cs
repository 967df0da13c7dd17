using System.Runtime.CompilerServices;
using ILGPU.IR.Intrinsics;

namespace Distributed.Kernels.Gpu.Arithmetic;

/// <summary>
/// The operations of docs/kernels.md on a device, each with the one rounding that the CPU kernels have. A device's compiler
/// may join a product and a sum that are written apart, so wherever that could happen the operation is one of these
/// (<see cref="DeviceIntrinsics"/> says what becomes of them).
/// </summary>
internal static class DeviceMath
{
    private const float Smallest = -127f, Rounder = 12582912f;

    private const float C1 = 0.693147003651f, C2 = 0.240222632885f, C3 = 0.0555073805153f, C4 = 0.00967083778232f,
        C5 = 0.00132638576906f;

    private const float TanhSwitch = 0.625f, MinusTwoLog2E = -2.88539008f;

    private const float P0 = -5.70498872745e-3f, P1 = 2.06390887954e-2f, P2 = -5.37397155531e-2f, P3 = 1.33314422036e-1f,
        P4 = -3.33332819422e-1f;

    /// <summary>a · b + c, rounded once.</summary>
    [IntrinsicImplementation]
    public static float Fma(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    /// <summary>a · b, rounded; never joined with a sum.</summary>
    [IntrinsicImplementation]
    public static float Multiply(float a, float b) => a * b;

    /// <summary>a / b, rounded to nearest.</summary>
    [IntrinsicImplementation]
    public static float Divide(float a, float b) => a / b;

    /// <summary>2^x for x ≤ 0: <see cref="Cpu.Exp2.Scalar"/>, operation by operation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Exp2(float x)
    {
        x = Smallest > x ? Smallest : x;
        float t = x + Rounder;
        float f = x - (t - Rounder);
        float p = Fma(C5, f, C4);
        p = Fma(p, f, C3);
        p = Fma(p, f, C2);
        p = Fma(p, f, C1);
        p = Fma(p, f, 1f);
        return BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(p) + (BitConverter.SingleToInt32Bits(t) << 23));
    }

    /// <summary>tanh(x): <see cref="Scores.Tanh"/>, operation by operation.</summary>
    public static float Tanh(float x)
    {
        float size = x < 0f ? -x : x;
        float square = Multiply(x, x);
        float p = Fma(P0, square, P1);
        p = Fma(p, square, P2);
        p = Fma(p, square, P3);
        p = Fma(p, square, P4);
        float near = Fma(Multiply(p, square), x, x);
        float e = Exp2(Multiply(size, MinusTwoLog2E));
        float far = Divide(1f - e, 1f + e);
        return size < TanhSwitch ? near : x < 0f ? -far : far;
    }

    /// <summary>What scores are taken relative to: the maximum, or 0 where no key was seen.</summary>
    public static float Shift(float max) => max == float.NegativeInfinity ? 0f : max;
}
