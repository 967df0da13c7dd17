using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Distributed.Kernels.Linear;

/// <summary>The last step of outputs that stand padded to whole vectors, which moves them together.</summary>
public static unsafe class OutputRows
{
    /// <summary>Divides each row by its denominator; one whose denominator is 0 becomes 0.</summary>
    /// <param name="output"><c>[rows, padded dim]</c>; <c>[rows, dim]</c> afterwards.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="dim">Elements of a row.</param>
    /// <param name="denominators"><c>[rows]</c>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Divide(float* output, int rows, int dim, float* denominators)
    {
        int padded = FeatureRows.Padded(dim);
        float* to = output;
        for (int row = 0; row < rows; row++, output += padded, to += dim)
        {
            float denominator = denominators[row];
            Vector512<float> by = Vector512.Create(denominator);
            // No vector is read behind one that was written: rows move forwards, and a row's vectors one after the other.
            for (int d = 0; d < dim; d += 16)
                Canonical(denominator == 0 ? Vector512<float>.Zero : Vector512.Load(output + d) / by).Store(to + d);
        }
    }

    /// <summary>Multiplies all rows.</summary>
    /// <param name="output"><c>[rows, padded dim]</c>; <c>[rows, dim]</c> afterwards.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="dim">Elements of a row.</param>
    /// <param name="scale">The factor.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(float* output, int rows, int dim, float scale)
    {
        int padded = FeatureRows.Padded(dim);
        float* to = output;
        for (int row = 0; row < rows; row++, output += padded, to += dim)
        {
            for (int d = 0; d < dim; d += 16)
                Canonical(Vector512.Load(output + d) * scale).Store(to + d);
        }
    }

    // The sign of a zero and the payload of a NaN are what instruction sets differ in.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Canonical(Vector512<float> x)
    {
        x += Vector512<float>.Zero;
        return Vector512.ConditionalSelect(Vector512.Equals(x, x), x, Vector512.Create(float.NaN));
    }
}
