using Distributed.Kernels.Scores;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// One row of a register tile: one to four times sixteen F32 numbers side by side. The just-in-time compiler keeps the
/// fields of such a struct in registers of their own, so that one source text serves every tile width.
/// </summary>
internal unsafe interface IStrip<T>
    where T : struct, IStrip<T>
{
    /// <summary>F32 numbers in a strip.</summary>
    static abstract int Width { get; }

    /// <summary>Zeros.</summary>
    static abstract T Zero { get; }

    /// <summary>Reads <see cref="Width"/> numbers.</summary>
    static abstract T Load(float* source);

    /// <summary>Reads <see cref="Width"/> elements of another type.</summary>
    static abstract T LoadElements<TElements>(byte* source)
        where TElements : struct, IElements;

    /// <summary>Writes <see cref="Width"/> numbers.</summary>
    static abstract void Store(T strip, float* destination);

    /// <summary>x + y.</summary>
    static abstract T Add(T x, T y);

    /// <summary>x · y + z with one rounding, x being the same for every lane.</summary>
    static abstract T MultiplyAdd(float x, T y, T z);

    /// <summary>Raises the 16 running maxima at <paramref name="maxima"/> to the numbers of the strip; NaN is passed over.</summary>
    static abstract void RaiseMaxima(T strip, float* maxima);
}
