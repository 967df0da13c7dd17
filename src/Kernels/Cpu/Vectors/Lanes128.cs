using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Distributed.Kernels.Scores;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>Sixteen lanes in four registers of 128 bits (NEON, or SSE with FMA).</summary>
internal unsafe struct Lanes128 : ILanes<Lanes128>
{
    private Vector128<float> _a;
    private Vector128<float> _b;
    private Vector128<float> _c;
    private Vector128<float> _d;

    private static Vector128<int> LaneBits => Vector128.Create(1, 2, 4, 8);

    /// <inheritdoc/>
    public static int Width => 16;

    /// <inheritdoc/>
    public static Lanes128 Zero => default;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Load(float* source) => new()
    {
        _a = Vector128.Load(source),
        _b = Vector128.Load(source + 4),
        _c = Vector128.Load(source + 8),
        _d = Vector128.Load(source + 12),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 LoadElements<TElements>(byte* source)
        where TElements : struct, IElements
    {
        Vector512<float> all = TElements.Load(source);
        return new()
        {
            _a = all.GetLower().GetLower(),
            _b = all.GetLower().GetUpper(),
            _c = all.GetUpper().GetLower(),
            _d = all.GetUpper().GetUpper(),
        };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes128 strip, float* destination)
    {
        strip._a.Store(destination);
        strip._b.Store(destination + 4);
        strip._c.Store(destination + 8);
        strip._d.Store(destination + 12);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Create(float x) => new()
    {
        _a = Vector128.Create(x),
        _b = Vector128.Create(x),
        _c = Vector128.Create(x),
        _d = Vector128.Create(x),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Add(Lanes128 x, Lanes128 y) => new()
    {
        _a = x._a + y._a,
        _b = x._b + y._b,
        _c = x._c + y._c,
        _d = x._d + y._d,
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Subtract(Lanes128 x, Lanes128 y) => new()
    {
        _a = x._a - y._a,
        _b = x._b - y._b,
        _c = x._c - y._c,
        _d = x._d - y._d,
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Fraction(Lanes128 x, Lanes128 t, Lanes128 rounder) => Subtract(x, Subtract(t, rounder));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 FusedMultiplyAdd(Lanes128 x, Lanes128 y, Lanes128 z) => new()
    {
        _a = Vector128.FusedMultiplyAdd(x._a, y._a, z._a),
        _b = Vector128.FusedMultiplyAdd(x._b, y._b, z._b),
        _c = Vector128.FusedMultiplyAdd(x._c, y._c, z._c),
        _d = Vector128.FusedMultiplyAdd(x._d, y._d, z._d),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 MultiplyAdd(float x, Lanes128 y, Lanes128 z)
    {
        Vector128<float> of = Vector128.Create(x);
        return new()
        {
            _a = Vector128.FusedMultiplyAdd(of, y._a, z._a),
            _b = Vector128.FusedMultiplyAdd(of, y._b, z._b),
            _c = Vector128.FusedMultiplyAdd(of, y._c, z._c),
            _d = Vector128.FusedMultiplyAdd(of, y._d, z._d),
        };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Max(Lanes128 x, Lanes128 y) => new()
    {
        _a = Max(x._a, y._a),
        _b = Max(x._b, y._b),
        _c = Max(x._c, y._c),
        _d = Max(x._d, y._d),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RaiseMaxima(Lanes128 strip, float* maxima)
    {
        Store(Max(strip, Load(maxima)), maxima);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 AddExponentAbove(Lanes128 p, Lanes128 t, Lanes128 x, float least) => new()
    {
        _a = AddExponentAbove(p._a, t._a, x._a, least),
        _b = AddExponentAbove(p._b, t._b, x._b, least),
        _c = AddExponentAbove(p._c, t._c, x._c, least),
        _d = AddExponentAbove(p._d, t._d, x._d, least),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Select(uint bits, Lanes128 x, Lanes128 y) => new()
    {
        _a = Select(bits, x._a, y._a),
        _b = Select(bits >> 4, x._b, y._b),
        _c = Select(bits >> 8, x._c, y._c),
        _d = Select(bits >> 12, x._d, y._d),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 CanonicalNaN(Lanes128 x) => new()
    {
        _a = Vector128.ConditionalSelect(Vector128.Equals(x._a, x._a), x._a, Vector128.Create(float.NaN)),
        _b = Vector128.ConditionalSelect(Vector128.Equals(x._b, x._b), x._b, Vector128.Create(float.NaN)),
        _c = Vector128.ConditionalSelect(Vector128.Equals(x._c, x._c), x._c, Vector128.Create(float.NaN)),
        _d = Vector128.ConditionalSelect(Vector128.Equals(x._d, x._d), x._d, Vector128.Create(float.NaN)),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AnyNonFinite(Lanes128 x) => (NonFinite(x._a) | NonFinite(x._b) | NonFinite(x._c) | NonFinite(x._d)) != Vector128<int>.Zero;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128 Scale(Lanes128 x, double scale) => new()
    {
        _a = Vector128.Narrow(Vector128.WidenLower(x._a) * scale, Vector128.WidenUpper(x._a) * scale),
        _b = Vector128.Narrow(Vector128.WidenLower(x._b) * scale, Vector128.WidenUpper(x._b) * scale),
        _c = Vector128.Narrow(Vector128.WidenLower(x._c) * scale, Vector128.WidenUpper(x._c) * scale),
        _d = Vector128.Narrow(Vector128.WidenLower(x._d) * scale, Vector128.WidenUpper(x._d) * scale),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes128 x) => Sum(x._a + x._c + (x._b + x._d));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(Lanes128 x) => Max(Max(Max(x._a, x._b), Max(x._c, x._d)));

    /// <summary>The same sum over the four lanes left after the second step.</summary>
    internal static float Sum(Vector128<float> x) => x[0] + x[2] + (x[1] + x[3]);

    /// <summary>The greatest of four lanes.</summary>
    internal static float Max(Vector128<float> x) => MathF.Max(MathF.Max(x[0], x[1]), MathF.Max(x[2], x[3]));

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose(float* source, nint sourceStride, float* destination, nint destinationStride)
    {
        for (int row = 0; row < 16; row += 4)
        {
            for (int column = 0; column < 16; column += 4)
            {
                Transposition.Of4By4(
                    source + row * sourceStride + column, sourceStride, destination + column * destinationStride + row,
                    destinationStride);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> Max(Vector128<float> x, Vector128<float> y) =>
        Sse.IsSupported ? Sse.Max(x, y) : Vector128.ConditionalSelect(Vector128.GreaterThan(x, y), x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Select(uint bits, Vector128<float> x, Vector128<float> y)
    {
        Vector128<int> set = Vector128.Create((int)bits) & LaneBits;
        return Vector128.ConditionalSelect(Vector128.Equals(set, Vector128<int>.Zero).AsSingle(), y, x);
    }

    // An exponent of all ones is NaN or infinity.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> NonFinite(Vector128<float> x) =>
        Vector128.Equals(x.AsInt32() & Vector128.Create(0x7F800000), Vector128.Create(0x7F800000));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> AddExponentAbove(Vector128<float> p, Vector128<float> t, Vector128<float> x, float least) =>
        Vector128.AndNot((p.AsInt32() + (t.AsInt32() << 23)).AsSingle(), Vector128.LessThanOrEqual(x, Vector128.Create(least)));
}
