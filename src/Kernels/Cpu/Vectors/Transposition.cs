using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// Transposes blocks of F32 numbers in registers, by interleaving rows: after each step, numbers of twice as many rows lie
/// side by side. Rows of a source are <c>from</c> numbers apart, those of a destination <c>to</c>.
/// </summary>
internal static unsafe class Transposition
{
    /// <summary>16 × 16 numbers in 16 registers of 512 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Of16By16(float* source, nint from, float* destination, nint to)
    {
        for (int half = 0; half < 2; half++)
        {
            // Eight columns of all sixteen rows: rows i and i + 8 share a register, 256 bits each, so that one pass of
            // the eight-by-eight steps serves both.
            float* at = source + 8 * half;
            Vector512<float> r0 = Two(at, 8 * from), r1 = Two(at + from, 8 * from), r2 = Two(at + 2 * from, 8 * from),
                r3 = Two(at + 3 * from, 8 * from), r4 = Two(at + 4 * from, 8 * from), r5 = Two(at + 5 * from, 8 * from),
                r6 = Two(at + 6 * from, 8 * from), r7 = Two(at + 7 * from, 8 * from);
            Vector512<float> p0 = Avx512F.UnpackLow(r0, r1), p1 = Avx512F.UnpackHigh(r0, r1),
                p2 = Avx512F.UnpackLow(r2, r3), p3 = Avx512F.UnpackHigh(r2, r3), p4 = Avx512F.UnpackLow(r4, r5),
                p5 = Avx512F.UnpackHigh(r4, r5), p6 = Avx512F.UnpackLow(r6, r7), p7 = Avx512F.UnpackHigh(r6, r7);
            r0 = Low(p0, p2);
            r1 = High(p0, p2);
            r2 = Low(p1, p3);
            r3 = High(p1, p3);
            r4 = Low(p4, p6);
            r5 = High(p4, p6);
            r6 = Low(p5, p7);
            r7 = High(p5, p7);

            // Quarters now hold four rows of one column: rows 0-3 in r0..r3, 4-7 in r4..r7; columns 0-3 in the even
            // quarters, 4-7 in the odd ones.
            float* target = destination + 8 * half * to;
            Avx512F.PermuteVar16x32x2(r0, EvenQuarters, r4).Store(target);
            Avx512F.PermuteVar16x32x2(r1, EvenQuarters, r5).Store(target + to);
            Avx512F.PermuteVar16x32x2(r2, EvenQuarters, r6).Store(target + 2 * to);
            Avx512F.PermuteVar16x32x2(r3, EvenQuarters, r7).Store(target + 3 * to);
            Avx512F.PermuteVar16x32x2(r0, OddQuarters, r4).Store(target + 4 * to);
            Avx512F.PermuteVar16x32x2(r1, OddQuarters, r5).Store(target + 5 * to);
            Avx512F.PermuteVar16x32x2(r2, OddQuarters, r6).Store(target + 6 * to);
            Avx512F.PermuteVar16x32x2(r3, OddQuarters, r7).Store(target + 7 * to);
        }
    }

    /// <summary>8 × 8 numbers in eight registers of 256 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Of8By8(float* source, nint from, float* destination, nint to)
    {
        Vector256<float> r0 = Vector256.Load(source), r1 = Vector256.Load(source + from),
            r2 = Vector256.Load(source + 2 * from), r3 = Vector256.Load(source + 3 * from),
            r4 = Vector256.Load(source + 4 * from), r5 = Vector256.Load(source + 5 * from),
            r6 = Vector256.Load(source + 6 * from), r7 = Vector256.Load(source + 7 * from);
        Vector256<float> p0 = Avx.UnpackLow(r0, r1), p1 = Avx.UnpackHigh(r0, r1), p2 = Avx.UnpackLow(r2, r3),
            p3 = Avx.UnpackHigh(r2, r3), p4 = Avx.UnpackLow(r4, r5), p5 = Avx.UnpackHigh(r4, r5),
            p6 = Avx.UnpackLow(r6, r7), p7 = Avx.UnpackHigh(r6, r7);
        r0 = Avx.Shuffle(p0, p2, 0x44);
        r1 = Avx.Shuffle(p0, p2, 0xEE);
        r2 = Avx.Shuffle(p1, p3, 0x44);
        r3 = Avx.Shuffle(p1, p3, 0xEE);
        r4 = Avx.Shuffle(p4, p6, 0x44);
        r5 = Avx.Shuffle(p4, p6, 0xEE);
        r6 = Avx.Shuffle(p5, p7, 0x44);
        r7 = Avx.Shuffle(p5, p7, 0xEE);
        Avx.Permute2x128(r0, r4, 0x20).Store(destination);
        Avx.Permute2x128(r1, r5, 0x20).Store(destination + to);
        Avx.Permute2x128(r2, r6, 0x20).Store(destination + 2 * to);
        Avx.Permute2x128(r3, r7, 0x20).Store(destination + 3 * to);
        Avx.Permute2x128(r0, r4, 0x31).Store(destination + 4 * to);
        Avx.Permute2x128(r1, r5, 0x31).Store(destination + 5 * to);
        Avx.Permute2x128(r2, r6, 0x31).Store(destination + 6 * to);
        Avx.Permute2x128(r3, r7, 0x31).Store(destination + 7 * to);
    }

    /// <summary>4 × 4 numbers in four registers of 128 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Of4By4(float* source, nint from, float* destination, nint to)
    {
        Vector128<float> r0 = Vector128.Load(source), r1 = Vector128.Load(source + from),
            r2 = Vector128.Load(source + 2 * from), r3 = Vector128.Load(source + 3 * from);
        Vector128<float> low02 = ZipLow(r0, r2), low13 = ZipLow(r1, r3), high02 = ZipHigh(r0, r2), high13 = ZipHigh(r1, r3);
        ZipLow(low02, low13).Store(destination);
        ZipHigh(low02, low13).Store(destination + to);
        ZipLow(high02, high13).Store(destination + 2 * to);
        ZipHigh(high02, high13).Store(destination + 3 * to);
    }

    private static Vector512<int> EvenQuarters =>
        Vector512.Create(0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27);

    private static Vector512<int> OddQuarters =>
        Vector512.Create(4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Two(float* at, nint apart) =>
        Vector512.Create(Vector256.Load(at), Vector256.Load(at + apart));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Low(Vector512<float> x, Vector512<float> y) => Avx512F.Shuffle(x, y, 0x44);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> High(Vector512<float> x, Vector512<float> y) => Avx512F.Shuffle(x, y, 0xEE);

    // x0 y0 x1 y1
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipLow(Vector128<float> x, Vector128<float> y)
    {
        if (Sse.IsSupported)
            return Sse.UnpackLow(x, y);
        return AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipLow(x, y) : Vector128.Create(x[0], y[0], x[1], y[1]);
    }

    // x2 y2 x3 y3
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipHigh(Vector128<float> x, Vector128<float> y)
    {
        if (Sse.IsSupported)
            return Sse.UnpackHigh(x, y);
        return AdvSimd.Arm64.IsSupported ? AdvSimd.Arm64.ZipHigh(x, y) : Vector128.Create(x[2], y[2], x[3], y[3]);
    }
}
