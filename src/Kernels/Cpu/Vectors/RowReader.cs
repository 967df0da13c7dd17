using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>Rows of any element type as F32.</summary>
internal static unsafe class RowReader
{
    /// <summary>Writes row <paramref name="row"/> as F32 to <paramref name="destination"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Read(TensorRows rows, int row, float* destination)
    {
        switch (rows.Type)
        {
            case ElementType.F32:
                new ReadOnlySpan<float>(rows.Row(row), rows.Dim).CopyTo(new Span<float>(destination, rows.Dim));
                break;
            case ElementType.F16:
                Halves((ushort*)rows.Row(row), rows.Dim, destination);
                break;
            default:
                UpperHalves((ushort*)rows.Row(row), rows.Dim, destination);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Halves(ushort* source, int count, float* destination)
    {
        int i = 0;
        for (; i + 16 <= count; i += 16)
        {
            Vector256<ushort> halves = Vector256.Load(source + i);
            Widened(Vector256.WidenLower(halves)).Store(destination + i);
            Widened(Vector256.WidenUpper(halves)).Store(destination + i + 8);
        }
        for (; i < count; i++)
            destination[i] = (float)BitConverter.UInt16BitsToHalf(source[i]);
    }

    // binary16. Shifted left by 13, exponent and fraction stand where binary32 has them, with an exponent too small by
    // 112; the product with 2^112 mends that, and is exact also for subnormal numbers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Widened(Vector256<uint> half)
    {
        Vector256<uint> magnitude = half & Vector256.Create(0x7FFFu);
        Vector256<uint> sign = (half ^ magnitude) << 16;
        Vector256<uint> number = ((magnitude << 13).AsSingle() * BitConverter.UInt32BitsToSingle(239u << 23)).AsUInt32();
        Vector256<uint> special = Vector256.GreaterThan(magnitude, Vector256.Create(0x7BFFu)) & Vector256.Create(0x7F800000u);
        return (number | special | sign).AsSingle();
    }

    /// <summary>bfloat16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void UpperHalves(ushort* source, int count, float* destination)
    {
        int i = 0;
        for (; i + 16 <= count; i += 16)
        {
            Vector256<ushort> halves = Vector256.Load(source + i);
            (Vector256.WidenLower(halves) << 16).AsSingle().Store(destination + i);
            (Vector256.WidenUpper(halves) << 16).AsSingle().Store(destination + i + 8);
        }
        for (; i < count; i++)
            destination[i] = BitConverter.UInt32BitsToSingle((uint)source[i] << 16);
    }
}
