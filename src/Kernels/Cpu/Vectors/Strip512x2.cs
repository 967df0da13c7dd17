using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Distributed.Kernels.Scores;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>A strip of 32 numbers in two registers of 512 bits.</summary>
internal unsafe struct Strip512x2 : IStrip<Strip512x2>
{
    private Vector512<float> _a, _b;

    /// <inheritdoc/>
    public static int Width => 32;

    /// <inheritdoc/>
    public static Strip512x2 Zero => default;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Strip512x2 Load(float* source) => new()
    {
        _a = Vector512.Load(source),
        _b = Vector512.Load(source + 16),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Strip512x2 LoadElements<TElements>(byte* source)
        where TElements : struct, IElements => new()
        {
            _a = TElements.Load(source),
            _b = TElements.Load(source + 16 * TElements.Size),
        };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Strip512x2 strip, float* destination)
    {
        strip._a.Store(destination);
        strip._b.Store(destination + 16);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Strip512x2 Add(Strip512x2 x, Strip512x2 y) => new()
    {
        _a = x._a + y._a,
        _b = x._b + y._b,
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Strip512x2 MultiplyAdd(float x, Strip512x2 y, Strip512x2 z)
    {
        Vector512<float> of = Vector512.Create(x);
        return new()
        {
            _a = Vector512.FusedMultiplyAdd(of, y._a, z._a),
            _b = Vector512.FusedMultiplyAdd(of, y._b, z._b),
        };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void RaiseMaxima(Strip512x2 strip, float* maxima)
    {
        Vector512<float> max = Vector512.Load(maxima);
        max = Avx512F.Max(strip._a, max);
        max = Avx512F.Max(strip._b, max);
        max.Store(maxima);
    }
}
