using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Kernels.Masks;

namespace Distributed.Kernels.Linear;

/// <summary>
/// Linear attention of some rows on a chunk of keys of which each row may see others: pair by pair, where a sum over the
/// keys would hold those that a row must not see.
/// </summary>
public static unsafe class MaskedProducts
{
    private const int Keys = FeatureSums.ChunkKeys;

    /// <summary>F32 numbers of scratch memory.</summary>
    public static nuint ScratchFloats(int rows, int dim) => (nuint)(rows + dim) * Keys;

    /// <summary>Adds φ(q)·φ(k) v of the keys that a row sees to its output, and φ(q)·φ(k) to its denominator.</summary>
    /// <param name="queries">φ(q): <c>[rows, padded dim]</c>.</param>
    /// <param name="keys">φ(k): <c>[count, padded dim]</c>.</param>
    /// <param name="values">v: <c>[count, columns]</c>.</param>
    /// <param name="finite">Whether all values are finite.</param>
    /// <param name="dim">Elements of a key.</param>
    /// <param name="columns">Elements of a value with their padding.</param>
    /// <param name="mask">Which row sees which key; as many rows and keys as are given.</param>
    /// <param name="output"><c>[rows, columns]</c>.</param>
    /// <param name="denominators"><c>[rows]</c>.</param>
    /// <param name="scratch"><see cref="ScratchFloats"/> numbers.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(
        float* queries, float* keys, float* values, bool finite, int dim, int columns, MaskWords mask, float* output,
        float* denominators, float* scratch)
    {
        int padded = FeatureRows.Padded(dim), rows = mask.Rows, count = mask.Keys;
        float* turned = scratch, weights = scratch + (nint)dim * Keys;
        for (int d = 0; d < dim; d++)
        {
            for (int key = 0; key < Keys; key++)
                turned[d * Keys + key] = key < count ? keys[(nint)key * padded + d] : 0f;
        }
        new Span<float>(weights, rows * Keys).Clear();
        Products.Add(queries, padded, 1, turned, Keys, weights, Keys, rows, Keys, dim);
        for (int row = 0; row < rows; row++)
        {
            float* of = weights + row * Keys;
            ulong seen = mask.Row(row)[0];
            Vector512<float> sum = Vector512<float>.Zero;
            for (int key = 0; key < Keys; key += 16)
            {
                Vector512<int> bits = Vector512.Create((int)(seen >> key) & 0xFFFF) & Lanes;
                Vector512<float> weight = Vector512.ConditionalSelect(
                    Vector512.Equals(bits, Lanes).AsSingle(), Vector512.Load(of + key), Vector512<float>.Zero);
                weight.Store(of + key);
                sum += weight;
            }
            denominators[row] += LaneSums.Of(sum);
        }
        if (finite)
            Products.Add(weights, Keys, 1, values, columns, output, columns, rows, columns, count);
        else
            AddSeen(weights, values, columns, mask, output);
    }

    // 0 times NaN is NaN: what a row must not see is left out, which changes no sum of numbers.
    private static void AddSeen(float* weights, float* values, int columns, MaskWords mask, float* output)
    {
        for (int row = 0; row < mask.Rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                float sum = 0f;
                for (int key = 0; key < mask.Keys; key++)
                {
                    if ((mask.Row(row)[0] >> key & 1) != 0)
                        sum = MathF.FusedMultiplyAdd(weights[row * Keys + key], values[(nint)key * columns + column], sum);
                }
                output[(nint)row * columns + column] += sum;
            }
        }
    }

    private static Vector512<int> Lanes => Vector512.Create(
        1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);
}
