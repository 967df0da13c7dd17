using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Distributed.Kernels.Gpu.Exact;
using ILGPU;
using ILGPU.IR.Intrinsics;

namespace Distributed.Kernels.Gpu.Arithmetic;

/// <summary>Eight numbers of 16 bits: 16 bytes, what a thread copies or a matrix row of eight takes.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Chunk
{
    public uint A, B, C, D;
}

/// <summary>
/// Instructions of NVIDIA's tensor cores (PTX ISA, "Matrix multiply-accumulate operation using mma instruction"), from compute
/// capability 8.0 on. The bodies are what a warp's 32 threads do together, written out; only ILGPU's own processor runs them.
/// </summary>
/// <remarks>
/// With g = lane / 4 and t = lane mod 4, a thread holds of a 16 × 16 matrix A the pairs (g, 2t), (g + 8, 2t), (g, 2t + 8),
/// (g + 8, 2t + 8), of a 16 × 8 matrix B the pairs (2t, g), (2t + 8, g), and of a 16 × 8 matrix C the numbers (g, 2t),
/// (g, 2t + 1), (g + 8, 2t), (g + 8, 2t + 1).
/// </remarks>
internal static unsafe class TensorCore
{
    /// <summary>C + A · B of BF16 numbers, summed in F32.</summary>
    [IntrinsicImplementation]
    public static Float4 MultiplyBF16(float c0, float c1, float c2, float c3, uint a0, uint a1, uint a2, uint a3, uint b0, uint b1) =>
        Multiply(new Float4(c0, c1, c2, c3), a0, a1, a2, a3, b0, b1, &FromBF16);

    /// <summary>C + A · B of F16 numbers, summed in F32.</summary>
    [IntrinsicImplementation]
    public static Float4 MultiplyF16(float c0, float c1, float c2, float c3, uint a0, uint a1, uint a2, uint a3, uint b0, uint b1) =>
        Multiply(new Float4(c0, c1, c2, c3), a0, a1, a2, a3, b0, b1, &FromF16);

    /// <summary>Two numbers as a pair of BF16, the first in the low half.</summary>
    [IntrinsicImplementation]
    public static uint PairBF16(float low, float high) => ToBF16(low) | (uint)ToBF16(high) << 16;

    /// <summary>Two numbers as a pair of F16, the first in the low half.</summary>
    [IntrinsicImplementation]
    public static uint PairF16(float low, float high) =>
        BitConverter.HalfToUInt16Bits((System.Half)low) | (uint)BitConverter.HalfToUInt16Bits((System.Half)high) << 16;

    /// <summary>2^x as the device does it quickest; 0 for −∞.</summary>
    [IntrinsicImplementation]
    public static float Exp2(float x) => MathF.Pow(2f, x);

    /// <summary>Four 8 × 8 matrices of 16-bit numbers from shared memory: lane i gives row i mod 8 of matrix i / 8.</summary>
    [IntrinsicImplementation]
    public static Chunk Load(ref Chunk row) => Gather(ref row, transposed: false);

    /// <summary>The same, each matrix turned round.</summary>
    [IntrinsicImplementation]
    public static Chunk LoadTurned(ref Chunk row) => Gather(ref row, transposed: true);

    /// <summary>Starts to copy 16 bytes from the device's memory to shared memory.</summary>
    [IntrinsicImplementation]
    public static void Copy(ref Chunk to, ref Chunk from) => to = from;

    /// <summary>Ends a group of copies.</summary>
    [IntrinsicImplementation]
    public static void EndCopies()
    {
    }

    /// <summary>Waits for all groups of this thread's copies but the last one.</summary>
    [IntrinsicImplementation]
    public static void AwaitCopiesButLast()
    {
    }

    private static Float4 Multiply(
        Float4 c, uint a0, uint a1, uint a2, uint a3, uint b0, uint b1, delegate*<uint, float> low)
    {
        int g = Warp.LaneIdx / 4, t = Warp.LaneIdx % 4;
        for (int pair = 0; pair < 8; pair++)
        {
            uint upper = Warp.Shuffle(pair < 4 ? a0 : a2, g * 4 + pair % 4), lower = Warp.Shuffle(pair < 4 ? a1 : a3, g * 4 + pair % 4);
            uint left = Warp.Shuffle(pair < 4 ? b0 : b1, 8 * t + pair % 4), right = Warp.Shuffle(pair < 4 ? b0 : b1, 8 * t + 4 + pair % 4);
            c.X += low(upper) * low(left) + low(upper >> 16) * low(left >> 16);
            c.Y += low(upper) * low(right) + low(upper >> 16) * low(right >> 16);
            c.Z += low(lower) * low(left) + low(lower >> 16) * low(left >> 16);
            c.W += low(lower) * low(right) + low(lower >> 16) * low(right >> 16);
        }
        return c;
    }

    private static Chunk Gather(ref Chunk row, bool transposed)
    {
        int g = Warp.LaneIdx / 4, t = Warp.LaneIdx % 4;
        long mine = (long)Unsafe.AsPointer(ref row);
        return new Chunk { A = Part(mine, 0, g, t, transposed), B = Part(mine, 8, g, t, transposed), C = Part(mine, 16, g, t, transposed), D = Part(mine, 24, g, t, transposed) };
    }

    private static uint Part(long mine, int firstLane, int g, int t, bool transposed)
    {
        if (!transposed)
            return ((uint*)Warp.Shuffle(mine, firstLane + g))[t];
        long first = Warp.Shuffle(mine, firstLane + 2 * t), second = Warp.Shuffle(mine, firstLane + 2 * t + 1);
        return ((ushort*)first)[g] | (uint)((ushort*)second)[g] << 16;
    }

    private static float FromBF16(uint bits) => BitConverter.UInt32BitsToSingle(bits << 16);

    private static float FromF16(uint bits) => (float)BitConverter.UInt16BitsToHalf((ushort)bits);

    // Round to nearest, ties to even.
    private static ushort ToBF16(float x)
    {
        uint bits = BitConverter.SingleToUInt32Bits(x);
        return (ushort)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
    }
}
