using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Distributed.Kernels.Scores;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>A strip of 64 numbers in four registers of 512 bits.</summary>
internal unsafe struct Strip512x4 : IStrip<Strip512x4>
{
    private Vector512<float> _a, _b, _c, _d;

    /// <inheritdoc/>
    public static int Width => 64;

    /// <inheritdoc/>
    public static Strip512x4 Zero => default;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Strip512x4 Load(float* source) => new()
    {
        _a = Vector512.Load(source),
        _b = Vector512.Load(source + 16),
        _c = Vector512.Load(source + 32),
        _d = Vector512.Load(source + 48),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Strip512x4 LoadElements<TElements>(byte* source)
        where TElements : struct, IElements => new()
        {
            _a = TElements.Load(source),
            _b = TElements.Load(source + 16 * TElements.Size),
            _c = TElements.Load(source + 32 * TElements.Size),
            _d = TElements.Load(source + 48 * TElements.Size),
        };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Strip512x4 strip, float* destination)
    {
        strip._a.Store(destination);
        strip._b.Store(destination + 16);
        strip._c.Store(destination + 32);
        strip._d.Store(destination + 48);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Strip512x4 Add(Strip512x4 x, Strip512x4 y) => new()
    {
        _a = x._a + y._a,
        _b = x._b + y._b,
        _c = x._c + y._c,
        _d = x._d + y._d,
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Strip512x4 MultiplyAdd(float x, Strip512x4 y, Strip512x4 z)
    {
        Vector512<float> of = Vector512.Create(x);
        return new()
        {
            _a = Vector512.FusedMultiplyAdd(of, y._a, z._a),
            _b = Vector512.FusedMultiplyAdd(of, y._b, z._b),
            _c = Vector512.FusedMultiplyAdd(of, y._c, z._c),
            _d = Vector512.FusedMultiplyAdd(of, y._d, z._d),
        };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RaiseMaxima(Strip512x4 strip, float* maxima)
    {
        Vector512<float> max = Vector512.Load(maxima);
        max = Avx512F.Max(strip._a, max);
        max = Avx512F.Max(strip._b, max);
        max = Avx512F.Max(strip._c, max);
        max = Avx512F.Max(strip._d, max);
        max.Store(maxima);
    }
}
