using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Distributed.Kernels.Scores;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>Sixteen lanes in two registers of 256 bits (AVX2 and FMA).</summary>
internal unsafe struct Lanes256 : ILanes<Lanes256>
{
    private Vector256<float> _a;
    private Vector256<float> _b;

    private static Vector256<int> LaneBits => Vector256.Create(1, 2, 4, 8, 16, 32, 64, 128);

    /// <inheritdoc/>
    public static int Width => 16;

    /// <inheritdoc/>
    public static Lanes256 Zero => default;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Load(float* source) => new()
    {
        _a = Vector256.Load(source),
        _b = Vector256.Load(source + 8),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 LoadElements<TElements>(byte* source)
        where TElements : struct, IElements
    {
        Vector512<float> all = TElements.Load(source);
        return new() { _a = all.GetLower(), _b = all.GetUpper() };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes256 strip, float* destination)
    {
        strip._a.Store(destination);
        strip._b.Store(destination + 8);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Create(float x) => new()
    {
        _a = Vector256.Create(x),
        _b = Vector256.Create(x),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Add(Lanes256 x, Lanes256 y) => new()
    {
        _a = x._a + y._a,
        _b = x._b + y._b,
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Subtract(Lanes256 x, Lanes256 y) => new()
    {
        _a = x._a - y._a,
        _b = x._b - y._b,
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Fraction(Lanes256 x, Lanes256 t, Lanes256 rounder) => Subtract(x, Subtract(t, rounder));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 FusedMultiplyAdd(Lanes256 x, Lanes256 y, Lanes256 z) => new()
    {
        _a = Vector256.FusedMultiplyAdd(x._a, y._a, z._a),
        _b = Vector256.FusedMultiplyAdd(x._b, y._b, z._b),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 MultiplyAdd(float x, Lanes256 y, Lanes256 z)
    {
        Vector256<float> of = Vector256.Create(x);
        return new()
        {
            _a = Vector256.FusedMultiplyAdd(of, y._a, z._a),
            _b = Vector256.FusedMultiplyAdd(of, y._b, z._b),
        };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Max(Lanes256 x, Lanes256 y) => new()
    {
        _a = Max(x._a, y._a),
        _b = Max(x._b, y._b),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RaiseMaxima(Lanes256 strip, float* maxima)
    {
        Store(Max(strip, Load(maxima)), maxima);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 AddExponentAbove(Lanes256 p, Lanes256 t, Lanes256 x, float least) => new()
    {
        _a = AddExponentAbove(p._a, t._a, x._a, least),
        _b = AddExponentAbove(p._b, t._b, x._b, least),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Select(uint bits, Lanes256 x, Lanes256 y) => new()
    {
        _a = Select(bits, x._a, y._a),
        _b = Select(bits >> 8, x._b, y._b),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 CanonicalNaN(Lanes256 x) => new()
    {
        _a = Vector256.ConditionalSelect(Vector256.Equals(x._a, x._a), x._a, Vector256.Create(float.NaN)),
        _b = Vector256.ConditionalSelect(Vector256.Equals(x._b, x._b), x._b, Vector256.Create(float.NaN)),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyNonFinite(Lanes256 x) => (NonFinite(x._a) | NonFinite(x._b)) != Vector256<int>.Zero;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256 Scale(Lanes256 x, double scale) => new()
    {
        _a = Vector256.Narrow(Vector256.WidenLower(x._a) * scale, Vector256.WidenUpper(x._a) * scale),
        _b = Vector256.Narrow(Vector256.WidenLower(x._b) * scale, Vector256.WidenUpper(x._b) * scale),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes256 x) => Sum(x._a + x._b);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(Lanes256 x) => Max(Max(x._a, x._b));

    /// <summary>The same sum over the eight lanes left after the first step.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Sum(Vector256<float> x) => Lanes128.Sum(x.GetLower() + x.GetUpper());

    /// <summary>The greatest of eight lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static float Max(Vector256<float> x) => Lanes128.Max(Lanes128.Max(x.GetLower(), x.GetUpper()));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(float* source, nint sourceStride, float* destination, nint destinationStride)
    {
        for (int row = 0; row < 16; row += 8)
        {
            for (int column = 0; column < 16; column += 8)
            {
                Transposition.Of8By8(
                    source + row * sourceStride + column, sourceStride, destination + column * destinationStride + row,
                    destinationStride);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Max(Vector256<float> x, Vector256<float> y) =>
        Avx.IsSupported ? Avx.Max(x, y) : Vector256.ConditionalSelect(Vector256.GreaterThan(x, y), x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Select(uint bits, Vector256<float> x, Vector256<float> y)
    {
        Vector256<int> set = Vector256.Create((int)bits) & LaneBits;
        return Vector256.ConditionalSelect(Vector256.Equals(set, Vector256<int>.Zero).AsSingle(), y, x);
    }

    // An exponent of all ones is NaN or infinity.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> NonFinite(Vector256<float> x) =>
        Vector256.Equals(x.AsInt32() & Vector256.Create(0x7F800000), Vector256.Create(0x7F800000));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> AddExponentAbove(Vector256<float> p, Vector256<float> t, Vector256<float> x, float least) =>
        Vector256.AndNot((p.AsInt32() + (t.AsInt32() << 23)).AsSingle(), Vector256.LessThanOrEqual(x, Vector256.Create(least)));
}
