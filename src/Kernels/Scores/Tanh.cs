using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Distributed.Kernels.Scores;

/// <summary>
/// The hyperbolic tangent of sixteen numbers, by the same operations on every path. With e = 2^z = exp(−2|x|) it is
/// (1 − e) / (1 + e); z is a whole number n and a part f of at most a half, and 1 − e is (1 − 2^n) − 2^n (2^f − 1), of which
/// the first is exact and the second a product with f. So nothing cancels near 0, and one formula serves all numbers.
/// </summary>
internal static class Tanh
{
    private const float TwoLog2E = 2.88539008f;

    // Here the fraction is 1 − 2^−25, which rounds to 1.
    private const float Smallest = -26f;

    private const float Rounder = 12582912f;

    // (2^f − 1) / f on [−0.5, 0.5]: minimax in relative error, 1.1e-8.
    private const float C0 = 0.6931471879267f, C1 = 0.2402264979477f, C2 = 0.05550357433729f, C3 = 0.00961823752513f,
        C4 = 0.001339073544049f, C5 = 0.0001540350268628f;

    /// <summary>tanh(x); NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Of(Vector512<float> x) => OfPower(
        x * TwoLog2E, Vector512.Create(C0), Vector512.Create(C1), Vector512.Create(C2), Vector512.Create(C3), Vector512.Create(C4),
        Vector512.Create(C5), Vector512.Create(Rounder));

    /// <summary>What a tangent multiplies by and adds.</summary>
    public static ReadOnlySpan<float> Coefficients => [C0, C1, C2, C3, C4, C5, Rounder];

    /// <summary>
    /// (2^y − 1) / (2^y + 1), which is tanh(y ln 2 / 2); NaN stays NaN. A loop holds the coefficients in registers: as constants
    /// they are read from memory at each use, and a core that makes two products in a cycle reads but two vectors in it.
    /// </summary>
    /// <param name="y">y.</param>
    /// <param name="c0">The first of <see cref="Coefficients"/>, in all lanes.</param>
    /// <param name="c1">The second.</param>
    /// <param name="c2">The third.</param>
    /// <param name="c3">The fourth.</param>
    /// <param name="c4">The fifth.</param>
    /// <param name="c5">The sixth.</param>
    /// <param name="rounder">The last.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> OfPower(
        Vector512<float> y, Vector512<float> c0, Vector512<float> c1, Vector512<float> c2, Vector512<float> c3, Vector512<float> c4,
        Vector512<float> c5, Vector512<float> rounder)
    {
        // The second operand is what the native maximum gives where either is NaN.
        Vector512<float> z = Vector512.MaxNative(Vector512.Create(Smallest), (y.AsInt32() | Vector512.Create(int.MinValue)).AsSingle());
        Vector512<float> t = z + rounder;
        Vector512<float> f = z - (t - rounder);
        Vector512<float> minusPower = ((t.AsInt32() << 23) + Vector512.Create(-1f).AsInt32()).AsSingle();
        Vector512<float> g = Vector512.FusedMultiplyAdd(c5, f, c4);
        g = Vector512.FusedMultiplyAdd(g, f, c3);
        g = Vector512.FusedMultiplyAdd(g, f, c2);
        g = Vector512.FusedMultiplyAdd(g, f, c1);
        g = Vector512.FusedMultiplyAdd(g, f, c0);
        Vector512<float> above = Vector512.FusedMultiplyAdd(minusPower, g * f, Vector512<float>.One + minusPower);
        return Vector512.CopySign(above / (Vector512.Create(2f) - above), y);
    }
}
