using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Distributed.Kernels.Scores;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>Sixteen lanes in one register of 512 bits (AVX-512).</summary>
internal unsafe struct Lanes512 : ILanes<Lanes512>
{
    private Vector512<float> _a;

    private static Vector512<int> LaneBits => Vector512.Create(
        1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);

    // What is left behind 0 bits of fraction, rounded to nearest, ties to even; no exception for what is lost.
    private const byte WholeNearest = 0b0000_1000;

    /// <inheritdoc/>
    public static int Width => 16;

    /// <inheritdoc/>
    public static Lanes512 Zero => default;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Load(float* source) => new() { _a = Vector512.Load(source) };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 LoadElements<TElements>(byte* source)
        where TElements : struct, IElements => new() { _a = TElements.Load(source) };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes512 strip, float* destination)
    {
        strip._a.Store(destination);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Create(float x) => new() { _a = Vector512.Create(x) };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Add(Lanes512 x, Lanes512 y) => new() { _a = x._a + y._a };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Subtract(Lanes512 x, Lanes512 y) => new() { _a = x._a - y._a };

    // On Intel's every instruction of 512 bits needs one of the two ports that multiply and add: one is better than two. Where
    // additions have pipes of their own, nothing is known to be gained. Both are exact.
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Fraction(Lanes512 x, Lanes512 t, Lanes512 rounder)
    {
        // One vector in between: chosen between two structs, it would go through memory.
        Vector512<float> fraction = x._a;
        if (Maker.IsIntel)
            fraction = Avx512DQ.Reduce(fraction, WholeNearest);
        else
            fraction -= t._a - rounder._a;
        return new() { _a = fraction };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 FusedMultiplyAdd(Lanes512 x, Lanes512 y, Lanes512 z) => new() { _a = Vector512.FusedMultiplyAdd(x._a, y._a, z._a) };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 MultiplyAdd(float x, Lanes512 y, Lanes512 z)
    {
        Vector512<float> of = Vector512.Create(x);
        return new() { _a = Vector512.FusedMultiplyAdd(of, y._a, z._a) };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Max(Lanes512 x, Lanes512 y) => new() { _a = Max(x._a, y._a) };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RaiseMaxima(Lanes512 strip, float* maxima)
    {
        Store(Max(strip, Load(maxima)), maxima);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 AddExponentAbove(Lanes512 p, Lanes512 t, Lanes512 x, float least) => new()
    {
        // One comparison into a mask, under which the addition leaves 0.
        _a = Vector512.ConditionalSelect(
            Avx512F.CompareNotLessThanOrEqual(x._a, Vector512.Create(least)).AsInt32(), p._a.AsInt32() + (t._a.AsInt32() << 23), Vector512<int>.Zero).AsSingle(),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Select(uint bits, Lanes512 x, Lanes512 y) => new() { _a = Select(bits, x._a, y._a) };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 CanonicalNaN(Lanes512 x) => new() { _a = Vector512.ConditionalSelect(Vector512.Equals(x._a, x._a), x._a, Vector512.Create(float.NaN)) };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyNonFinite(Lanes512 x) => (NonFinite(x._a)) != Vector512<int>.Zero;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512 Scale(Lanes512 x, double scale) => new() { _a = Vector512.Narrow(Vector512.WidenLower(x._a) * scale, Vector512.WidenUpper(x._a) * scale) };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes512 x) => Lanes256.Sum(x._a.GetLower() + x._a.GetUpper());

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(Lanes512 x) => Lanes256.Max(Lanes256.Max(x._a.GetLower(), x._a.GetUpper()));

    /// <inheritdoc/>
    public static void Transpose(float* source, nint sourceStride, float* destination, nint destinationStride) =>
        Transposition.Of16By16(source, sourceStride, destination, destinationStride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Max(Vector512<float> x, Vector512<float> y) => Avx512F.Max(x, y);

    // Vector of 16 lanes; each lane tests its own bit of the same word. One broadcast and one test into a mask register.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Select(uint bits, Vector512<float> x, Vector512<float> y)
    {
        Vector512<int> set = Vector512.Create((int)bits) & LaneBits;
        return Vector512.ConditionalSelect(Vector512.Equals(set, Vector512<int>.Zero).AsSingle(), y, x);
    }

    // An exponent of all ones is NaN or infinity.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> NonFinite(Vector512<float> x) =>
        Vector512.Equals(x.AsInt32() & Vector512.Create(0x7F800000), Vector512.Create(0x7F800000));
}
