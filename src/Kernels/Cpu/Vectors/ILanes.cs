namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// Sixteen F32 numbers side by side, whatever registers they lie in: one of 512 bits, two of 256 or four of 128. Every
/// operation works lane by lane, so that each number sees the same operations at every width.
/// </summary>
internal unsafe interface ILanes<T> : IStrip<T>
    where T : struct, ILanes<T>
{
    /// <summary>The same number in every lane.</summary>
    static abstract T Create(float x);

    /// <summary>x − y.</summary>
    static abstract T Subtract(T x, T y);

    /// <summary>
    /// What <paramref name="x"/> is above the nearest whole number, exactly. That number is <paramref name="t"/> less
    /// <paramref name="rounder"/>, and t is x + rounder.
    /// </summary>
    static abstract T Fraction(T x, T t, T rounder);

    /// <summary>x · y + z with one rounding.</summary>
    static abstract T FusedMultiplyAdd(T x, T y, T z);

    /// <summary>The greater of the two; <paramref name="y"/> where either is NaN.</summary>
    static abstract T Max(T x, T y);

    /// <summary>
    /// The bits of <paramref name="t"/> moved left by 23 and added to those of <paramref name="p"/> as integers; 0 where
    /// <paramref name="x"/> is at most <paramref name="least"/>.
    /// </summary>
    static abstract T AddExponentAbove(T p, T t, T x, float least);

    /// <summary>Lane i of <paramref name="x"/> where bit i is set, otherwise of <paramref name="y"/>.</summary>
    static abstract T Select(uint bits, T x, T y);

    /// <summary><paramref name="x"/> with every NaN in it replaced by <see cref="float.NaN"/>.</summary>
    static abstract T CanonicalNaN(T x);

    /// <summary>Whether any lane is NaN or infinite.</summary>
    static abstract bool AnyNonFinite(T x);

    /// <summary>(float)((double)x · scale) in every lane.</summary>
    static abstract T Scale(T x, double scale);

    /// <summary>The sum of the lanes: i + (i + 8), then i + (i + 4), i + (i + 2), i + (i + 1).</summary>
    static abstract float Sum(T x);

    /// <summary>The greatest lane; no lane is NaN.</summary>
    static abstract float Max(T x);

    /// <summary>Transposes 16 × 16 numbers.</summary>
    /// <param name="source">First row; rows are <paramref name="sourceStride"/> numbers apart.</param>
    /// <param name="sourceStride">Numbers from one row of the source to the next.</param>
    /// <param name="destination">First row; rows are <paramref name="destinationStride"/> numbers apart.</param>
    /// <param name="destinationStride">Numbers from one row of the destination to the next.</param>
    static abstract void Transpose(float* source, nint sourceStride, float* destination, nint destinationStride);
}
