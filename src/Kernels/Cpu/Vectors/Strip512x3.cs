using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Distributed.Kernels.Scores;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>A strip of 48 numbers in three registers of 512 bits.</summary>
internal unsafe struct Strip512x3 : IStrip<Strip512x3>
{
    private Vector512<float> _a, _b, _c;

    /// <inheritdoc/>
    public static int Width => 48;

    /// <inheritdoc/>
    public static Strip512x3 Zero => default;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Strip512x3 Load(float* source) => new()
    {
        _a = Vector512.Load(source),
        _b = Vector512.Load(source + 16),
        _c = Vector512.Load(source + 32),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Strip512x3 LoadElements<TElements>(byte* source)
        where TElements : struct, IElements => new()
        {
            _a = TElements.Load(source),
            _b = TElements.Load(source + 16 * TElements.Size),
            _c = TElements.Load(source + 32 * TElements.Size),
        };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Strip512x3 strip, float* destination)
    {
        strip._a.Store(destination);
        strip._b.Store(destination + 16);
        strip._c.Store(destination + 32);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Strip512x3 Add(Strip512x3 x, Strip512x3 y) => new()
    {
        _a = x._a + y._a,
        _b = x._b + y._b,
        _c = x._c + y._c,
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Strip512x3 MultiplyAdd(float x, Strip512x3 y, Strip512x3 z)
    {
        Vector512<float> of = Vector512.Create(x);
        return new()
        {
            _a = Vector512.FusedMultiplyAdd(of, y._a, z._a),
            _b = Vector512.FusedMultiplyAdd(of, y._b, z._b),
            _c = Vector512.FusedMultiplyAdd(of, y._c, z._c),
        };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RaiseMaxima(Strip512x3 strip, float* maxima)
    {
        Vector512<float> max = Vector512.Load(maxima);
        max = Avx512F.Max(strip._a, max);
        max = Avx512F.Max(strip._b, max);
        max = Avx512F.Max(strip._c, max);
        max.Store(maxima);
    }
}
