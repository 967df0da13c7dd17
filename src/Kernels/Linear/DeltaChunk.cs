using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Kernels.Cpu.Vectors;
using Distributed.Kernels.Masks;

namespace Distributed.Kernels.Linear;

/// <summary>
/// The delta rule S ← S + β (v − Sᵀφ(k)) φ(k)ᵀ (Schlag, Irie and Schmidhuber, "Linear Transformers Are Secretly Fast Weight
/// Programmers", 2021, section 4.2) of a chunk of keys at a time, by products of matrices (Yang et al., "Parallelizing Linear
/// Transformers with the Delta Rule over Sequence Length", 2024, section 3). What a key writes is
/// uᵢ = βᵢ (vᵢ − Sᵀφ(kᵢ) − Σ (φ(kᵢ)·φ(kⱼ)) uⱼ) over the keys j before it in the chunk, S being the memory before the chunk: a
/// system in the form of a triangle, solved row by row. The paper inverts the triangle; to solve it takes fewer operations and
/// rounds as the rule itself does.
/// </summary>
public static unsafe class DeltaChunk
{
    private const int Keys = FeatureSums.ChunkKeys, Group = Blocking.GroupRows;

    /// <summary>Writes the products of a chunk's keys with those before them.</summary>
    /// <param name="keys">φ(k): <c>[count, padded dim]</c>.</param>
    /// <param name="turned">The same as columns.</param>
    /// <param name="count">Keys.</param>
    /// <param name="dim">Elements of a key.</param>
    /// <param name="triangle"><c>[count, ChunkKeys]</c>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Triangle(float* keys, float* turned, int count, int dim, float* triangle)
    {
        ulong* words = stackalloc ulong[Keys];
        for (int key = 0; key < count; key++)
            words[key] = (1UL << key) - 1;
        MaskedProducts.Weights(keys, turned, dim, new MaskWords(words, count, count), triangle);
    }

    /// <summary>Turns the values of a chunk into what its keys write: v becomes u.</summary>
    /// <param name="triangle">What <see cref="Triangle"/> wrote.</param>
    /// <param name="rates">β of each key.</param>
    /// <param name="read">Sᵀφ(k) of each key: <c>[count, columns]</c>; changed.</param>
    /// <param name="values">v, then u: the first of <c>[count, columns]</c>.</param>
    /// <param name="stride">Numbers from one value to the next.</param>
    /// <param name="count">Keys.</param>
    /// <param name="columns">Columns; a multiple of 16.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Solve(float* triangle, float* rates, float* read, float* values, nint stride, int count, int columns)
    {
        for (int first = 0; first < count; first += Group)
        {
            int end = Math.Min(count, first + Group);
            // What keys of the groups before wrote is one product, and what those of this group wrote follows key by key.
            Products.Best.Add(
                triangle + first * Keys, Keys, 1, values, stride, read + (nint)first * columns, columns, end - first, columns, first);
            for (int key = first; key < end; key++)
            {
                float* of = values + key * stride, reads = read + (nint)key * columns, weights = triangle + key * Keys;
                for (int column = 0; column < columns; column += 16)
                {
                    Vector512<float> sum = Vector512.Load(reads + column);
                    for (int before = first; before < key; before++)
                        sum = Vector512.FusedMultiplyAdd(Vector512.Create(weights[before]), Vector512.Load(values + before * stride + column), sum);
                    ((Vector512.Load(of + column) - sum) * rates[key]).Store(of + column);
                }
            }
        }
    }
}
