using System.Runtime.CompilerServices;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Memory;

namespace Distributed.Kernels.Additive;

/// <summary>
/// Projected query rows as <see cref="AdditiveScores"/> reads them. Elements are padded to whole fours, with v = 0.
/// </summary>
/// <param name="data">As <see cref="Pack"/> left it.</param>
/// <param name="rows">Query rows.</param>
/// <param name="dim">Elements of a projected row.</param>
internal readonly unsafe struct AdditiveQueries(byte* data, int rows, int dim)
{
    private const int HeadFloats = 16;

    /// <summary>Elements with their padding.</summary>
    public int Padded => Pad(dim);

    /// <summary>scale · log2 e · Σ v: the score of a row whose every tanh is 1.</summary>
    public float Sum => *(float*)data;

    /// <summary>scale · log2 e · v.</summary>
    public float* Vector => (float*)data + HeadFloats;

    /// <summary>−2 · scale · log2 e · v.</summary>
    public float* Factors => Vector + Padded;

    /// <summary>e^(2q): <c>[rows, padded]</c>.</summary>
    public float* Powers => Factors + Padded;

    /// <summary>q: <c>[rows, padded]</c>.</summary>
    public float* Plain => Powers + (nint)rows * Padded;

    /// <summary>Per row, whether its scores must be made the long way.</summary>
    public byte* Wide => (byte*)(Plain + (nint)rows * Padded);

    /// <summary>Bytes that <see cref="Pack"/> writes.</summary>
    public static nuint Bytes(int rows, int dim) =>
        ((nuint)HeadFloats + 2 * (nuint)Pad(dim) + 2 * (nuint)rows * (nuint)Pad(dim)) * sizeof(float) + (nuint)rows;

    /// <summary>Packs rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(TensorRows queries, IReadOnlyList<float> vector, double scale, byte* destination)
    {
        var packed = new AdditiveQueries(destination, queries.Count, queries.Dim);
        double sum = 0, largest = 0;
        for (int a = 0; a < packed.Padded; a++)
        {
            double v = a < queries.Dim ? scale * Arithmetic.Log2E * vector[a] : 0;
            packed.Vector[a] = (float)v;
            packed.Factors[a] = -2 * (float)v;
            sum += (float)v;
            largest = Math.Max(largest, Math.Abs(v));
        }
        *(float*)destination = (float)sum;
        for (int row = 0; row < queries.Count; row++)
        {
            float* plain = packed.Plain + (nint)row * packed.Padded, powers = packed.Powers + (nint)row * packed.Padded;
            bool wide = !(largest <= TanhSum.LargestFactor);
            for (int a = 0; a < packed.Padded; a++)
            {
                plain[a] = a < queries.Dim ? ElementReader.Read(queries, row, a) : 0f;
                wide |= !(MathF.Abs(plain[a]) <= TanhSum.Widest);
                powers[a] = TanhSum.Power(plain[a]);
            }
            packed.Wide[row] = wide ? (byte)1 : (byte)0;
        }
    }

    private static int Pad(int dim) => (dim + 3) & ~3;
}
