using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Kernels.Cpu;

namespace Distributed.Kernels.Scores;

/// <summary>
/// The hyperbolic tangent of sixteen numbers, by the same operations on every path: an odd polynomial below 0.625 (S. L.
/// Moshier's Cephes, <c>tanhf</c>), above it (1 − e) / (1 + e) with e = exp(−2|x|).
/// </summary>
internal static class Tanh
{
    private const float Switch = 0.625f, MinusTwoLog2E = -2.88539008f;

    private const float P0 = -5.70498872745e-3f, P1 = 2.06390887954e-2f, P2 = -5.37397155531e-2f, P3 = 1.33314422036e-1f,
        P4 = -3.33332819422e-1f;

    /// <summary>tanh(x); NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Of(Vector512<float> x)
    {
        Vector512<float> size = Vector512.Abs(x);
        Vector512<float> square = x * x;
        Vector512<float> p = Vector512.FusedMultiplyAdd(Vector512.Create(P0), square, Vector512.Create(P1));
        p = Vector512.FusedMultiplyAdd(p, square, Vector512.Create(P2));
        p = Vector512.FusedMultiplyAdd(p, square, Vector512.Create(P3));
        p = Vector512.FusedMultiplyAdd(p, square, Vector512.Create(P4));
        Vector512<float> near = Vector512.FusedMultiplyAdd(p * square, x, x);

        Vector512<float> e = Exp2.Of(size * MinusTwoLog2E);
        Vector512<float> far = Vector512.CopySign((Vector512<float>.One - e) / (Vector512<float>.One + e), x);
        return Vector512.ConditionalSelect(Vector512.LessThan(size, Vector512.Create(Switch)), near, far);
    }
}
