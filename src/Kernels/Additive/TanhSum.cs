using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Kernels.Cpu;

namespace Distributed.Kernels.Additive;

/// <summary>
/// v · tanh(q + k) summed over elements, for sixteen keys. tanh(q + k) = 1 − 2 / (1 + e^(2q) · e^(2k)), so with the powers
/// made beforehand no exponential is left; and four fractions are brought over one denominator, so that one division serves
/// four.
/// </summary>
/// <remarks>
/// A tanh made so has an absolute error of at most 5e-7, however large q and k are as long as e^(2q) and e^(2k) are numbers
/// (|x| ≤ <see cref="Widest"/>); what is wider takes <see cref="Long"/>. A denominator is cut off at 2^30, where 1 − tanh is
/// below 2e-9, so that the product of four is a number.
/// </remarks>
internal static unsafe class TanhSum
{
    /// <summary>Largest |q| or |k| whose power is used: e^86 and e^−86 are normal numbers.</summary>
    public const float Widest = 43f;

    /// <summary>Largest |v| for which four fractions can be brought over one denominator: 2^92 times it is a number.</summary>
    public const double LargestFactor = 1 << 30;

    /// <summary>Elements whose terms are summed from 0 before that sum is added to the score's.</summary>
    public const int ChunkElements = 32;

    private const float Cut = 1 << 30, High = 2.88539004f, Low = 3.85192603e-8f, Ln2 = 0.693147182f;

    /// <summary>e^(2x) within 3 units of the last place; only meant for |x| ≤ <see cref="Widest"/>.</summary>
    public static float Power(float x)
    {
        // The exponent 2x · log2 e in two floats: its rounding error would be up to 4e-6 of the power.
        float high = x * High;
        float low = MathF.FusedMultiplyAdd(x, High, -high) + x * Low;
        float power = Exp2.Scalar(MathF.Min(high, 126f));
        return MathF.FusedMultiplyAdd(power, low * Ln2, power);
    }

    /// <summary>Terms −2v / (1 + e^(2q) e^(2k)) of a chunk for two query rows.</summary>
    /// <param name="first">e^(2q) of the one.</param>
    /// <param name="second">e^(2q) of the other.</param>
    /// <param name="keys">e^(2k): <c>[elements, 16]</c>.</param>
    /// <param name="factors">−2v.</param>
    /// <param name="elements">A multiple of four.</param>
    /// <param name="ofFirst">The sums of the one are added to.</param>
    /// <param name="ofSecond">The sums of the other are added to.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Chunk(
        float* first, float* second, float* keys, float* factors, int elements, ref Vector512<float> ofFirst, ref Vector512<float> ofSecond)
    {
        Vector512<float> one = Vector512<float>.One, cut = Vector512.Create(Cut);
        Vector512<float> a = Vector512<float>.Zero, b = Vector512<float>.Zero;
        for (int i = 0; i < elements; i += 4, keys += 64)
        {
            Vector512<float> k0 = Vector512.Load(keys), k1 = Vector512.Load(keys + 16), k2 = Vector512.Load(keys + 32), k3 = Vector512.Load(keys + 48);
            Vector512<float> v0 = Vector512.Create(factors[i]), v1 = Vector512.Create(factors[i + 1]);
            Vector512<float> v2 = Vector512.Create(factors[i + 2]), v3 = Vector512.Create(factors[i + 3]);
            a += Four(
                Vector512.MinNative(Vector512.FusedMultiplyAdd(Vector512.Create(first[i]), k0, one), cut),
                Vector512.MinNative(Vector512.FusedMultiplyAdd(Vector512.Create(first[i + 1]), k1, one), cut),
                Vector512.MinNative(Vector512.FusedMultiplyAdd(Vector512.Create(first[i + 2]), k2, one), cut),
                Vector512.MinNative(Vector512.FusedMultiplyAdd(Vector512.Create(first[i + 3]), k3, one), cut), v0, v1, v2, v3);
            b += Four(
                Vector512.MinNative(Vector512.FusedMultiplyAdd(Vector512.Create(second[i]), k0, one), cut),
                Vector512.MinNative(Vector512.FusedMultiplyAdd(Vector512.Create(second[i + 1]), k1, one), cut),
                Vector512.MinNative(Vector512.FusedMultiplyAdd(Vector512.Create(second[i + 2]), k2, one), cut),
                Vector512.MinNative(Vector512.FusedMultiplyAdd(Vector512.Create(second[i + 3]), k3, one), cut), v0, v1, v2, v3);
        }
        ofFirst += a;
        ofSecond += b;
    }

    /// <summary>v · tanh(q + k) summed by the hyperbolic tangent itself, for one query row.</summary>
    /// <param name="query">q.</param>
    /// <param name="keys">k: <c>[elements, 16]</c>.</param>
    /// <param name="vector">v.</param>
    /// <param name="elements">Elements.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector512<float> Long(float* query, float* keys, float* vector, int elements)
    {
        Vector512<float> total = Vector512<float>.Zero;
        for (int from = 0; from < elements; from += ChunkElements)
        {
            Vector512<float> sum = Vector512<float>.Zero;
            for (int i = from; i < Math.Min(elements, from + ChunkElements); i++)
            {
                Vector512<float> tanh = Scores.Tanh.Of(Vector512.Create(query[i]) + Vector512.Load(keys + i * 16));
                sum = Vector512.FusedMultiplyAdd(Vector512.Create(vector[i]), tanh, sum);
            }
            total += sum;
        }
        return total;
    }

    // v0/d0 + v1/d1 + v2/d2 + v3/d3.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Four(
        Vector512<float> d0, Vector512<float> d1, Vector512<float> d2, Vector512<float> d3,
        Vector512<float> v0, Vector512<float> v1, Vector512<float> v2, Vector512<float> v3)
    {
        Vector512<float> n01 = Vector512.FusedMultiplyAdd(v0, d1, v1 * d0), n23 = Vector512.FusedMultiplyAdd(v2, d3, v3 * d2);
        Vector512<float> d01 = d0 * d1, d23 = d2 * d3;
        return Vector512.FusedMultiplyAdd(n01, d23, n23 * d01) / (d01 * d23);
    }
}
