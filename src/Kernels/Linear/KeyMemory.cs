using System.Runtime.CompilerServices;

namespace Distributed.Kernels.Linear;

/// <summary>
/// A matrix Σ k vᵀ that keys write to and queries read, in strips of <see cref="Strip"/> columns, each
/// <c>[dim, columns of the strip]</c>: rows of a strip lie one behind the other, and do not push one another out of a cache.
/// </summary>
/// <param name="memory"><c>dim · columns</c> numbers.</param>
/// <param name="dim">Elements of a key.</param>
/// <param name="columns">Elements of a value with their padding.</param>
public readonly unsafe struct KeyMemory(float* memory, int dim, int columns)
{
    /// <summary>Columns of a strip; the last one may have fewer. Strips do not meet, so each can be worked on alone.</summary>
    public const int Strip = 64;

    /// <summary>Strips.</summary>
    public static int StripsOf(int columns) => (columns + Strip - 1) / Strip;

    /// <summary>Columns of one strip.</summary>
    public int Width(int strip) => Math.Min(Strip, columns - strip * Strip);

    /// <summary>First number of one strip.</summary>
    public float* Of(int strip) => memory + (nint)strip * Strip * dim;

    /// <summary>Adds Σ k vᵀ of some keys.</summary>
    /// <param name="keys">Elements of keys.</param>
    /// <param name="element">Numbers from one element of a key to the next.</param>
    /// <param name="key">Numbers from one key to the next.</param>
    /// <param name="values">The first value.</param>
    /// <param name="valueStride">Numbers from one value to the next.</param>
    /// <param name="count">Keys.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(float* keys, nint element, nint key, float* values, nint valueStride, int count)
    {
        for (int strip = 0; strip < StripsOf(columns); strip++)
            Add(strip, keys, element, key, values, valueStride, count);
    }

    /// <summary>The same for the columns of one strip.</summary>
    public void Add(int strip, float* keys, nint element, nint key, float* values, nint valueStride, int count) => Products.Best.Add(
        keys, element, key, values + strip * Strip, valueStride, Of(strip), Width(strip), dim, Width(strip), count);

    /// <summary>Adds kᵀ Σ k vᵀ of some rows k to what they read before.</summary>
    /// <param name="keys">Elements of rows.</param>
    /// <param name="row">Numbers from one row to the next.</param>
    /// <param name="element">Numbers from one element of a row to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="output">The first row's columns.</param>
    /// <param name="outputStride">Numbers from one row of the output to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(float* keys, nint row, nint element, int rows, float* output, nint outputStride)
    {
        for (int strip = 0; strip < StripsOf(columns); strip++)
            Apply(strip, keys, row, element, rows, output + strip * Strip, outputStride);
    }

    /// <summary>The same for the columns of one strip.</summary>
    public void Apply(int strip, float* keys, nint row, nint element, int rows, float* output, nint outputStride) => Products.Best.Add(
        keys, row, element, Of(strip), Width(strip), output, outputStride, rows, Width(strip), dim);
}
