using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.IR.Intrinsics;

namespace Distributed.Kernels.Gpu.Arithmetic;

/// <summary>
/// The operations of docs/kernels.md on a device, each with the one rounding that the CPU kernels have. A device's compiler
/// may join a product and a sum that are written apart, so wherever that could happen the operation is one of these
/// (<see cref="DeviceIntrinsics"/> says what becomes of them).
/// </summary>
internal static class DeviceMath
{
    private const float Smallest = -127f, Least = -100f, Rounder = 12582912f;

    private const float C1 = 0.693147003651f, C2 = 0.240222632885f, C3 = 0.0555073805153f, C4 = 0.00967083778232f,
        C5 = 0.00132638576906f;

    private const float SmallestOfTanh = -26f;

    private const float T0 = 0.6931471879267f, T1 = 0.2402264979477f, T2 = 0.05550357433729f, T3 = 0.00961823752513f,
        T4 = 0.001339073544049f, T5 = 0.0001540350268628f;

    /// <summary>a · b + c, rounded once.</summary>
    [IntrinsicImplementation]
    public static float Fma(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    /// <summary>a · b, rounded; never joined with a sum.</summary>
    [IntrinsicImplementation]
    public static float Multiply(float a, float b) => a * b;

    /// <summary>a / b, rounded to nearest.</summary>
    [IntrinsicImplementation]
    public static float Divide(float a, float b) => a / b;

    /// <summary>2^x for x ≤ 0: <see cref="Cpu.Exp2.Weight"/>, operation by operation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Exp2(float weight)
    {
        float x = Smallest > weight ? Smallest : weight;
        float t = x + Rounder;
        float f = x - (t - Rounder);
        float p = Fma(C5, f, C4);
        p = Fma(p, f, C3);
        p = Fma(p, f, C2);
        p = Fma(p, f, C1);
        p = Fma(p, f, 1f);
        float power = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(p) + (BitConverter.SingleToInt32Bits(t) << 23));
        return weight <= Least ? 0f : power;
    }

    /// <summary>tanh(y ln 2 / 2): <see cref="Scores.Tanh.OfPower"/>, operation by operation.</summary>
    public static float Tanh(float y)
    {
        float z = y < 0f ? y : -y;
        z = SmallestOfTanh > z ? SmallestOfTanh : z;
        float t = z + Rounder;
        float f = z - (t - Rounder);
        float minusPower = BitConverter.Int32BitsToSingle((BitConverter.SingleToInt32Bits(t) << 23) + BitConverter.SingleToInt32Bits(-1f));
        float g = Fma(T5, f, T4);
        g = Fma(g, f, T3);
        g = Fma(g, f, T2);
        g = Fma(g, f, T1);
        g = Fma(g, f, T0);
        float above = Fma(minusPower, Multiply(g, f), 1f + minusPower);
        float size = Divide(above, 2f - above);
        return y < 0f ? -size : size;
    }

    /// <summary>An F16 as F32, exactly; by its bits, because OpenCL has a type for F16 only on some devices.</summary>
    public static float FromF16(uint bits)
    {
        // The exponent's bias is 15 in F16 and 127 in F32.
        const uint Exponent = 0x7C00 << 13, Rebias = (127 - 15) << 23;
        uint size = (bits & 0x7FFF) << 13, exponent = size & Exponent;
        float of = exponent == Exponent ? Interop.IntAsFloat(size + 2 * Rebias)
            // Below 2^-14 there is no leading 1: one is put there and taken away again.
            : exponent == 0 ? Interop.IntAsFloat(size + Rebias + (1u << 23)) - Interop.IntAsFloat(Rebias + (1u << 23))
            : Interop.IntAsFloat(size + Rebias);
        return (bits & 0x8000) != 0 ? -of : of;
    }

    /// <summary>What scores are taken relative to: the maximum, or 0 where no key was seen.</summary>
    public static float Shift(float max) => max == float.NegativeInfinity ? 0f : max;
}
