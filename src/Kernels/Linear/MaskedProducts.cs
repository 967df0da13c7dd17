using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Kernels.Cpu.Vectors;
using Distributed.Kernels.Masks;

namespace Distributed.Kernels.Linear;

/// <summary>
/// Products of some rows with a chunk of keys of which each row may see others: pair by pair, where a sum over the keys
/// would hold those that a row must not see. Of six rows only the keys from the first to the last that one of them sees are
/// worked on, so that a triangle costs little more than a triangle.
/// </summary>
public static unsafe class MaskedProducts
{
    private const int Keys = FeatureSums.ChunkKeys, Group = Blocking.GroupRows;

    /// <summary>F32 numbers of φ(k) as columns.</summary>
    public static nuint TurnedFloats(int dim) => (nuint)FeatureRows.Padded(dim) * Keys;

    /// <summary>Writes rows φ(k) as columns.</summary>
    /// <param name="keys">φ(k): <c>[count, padded dim]</c>.</param>
    /// <param name="count">Keys, at most <see cref="FeatureSums.ChunkKeys"/>.</param>
    /// <param name="dim">Elements of a key.</param>
    /// <param name="turned"><c>[padded dim, ChunkKeys]</c>; columns of keys that are not there are 0.</param>
    public static void Turn(float* keys, int count, int dim, float* turned) => Products.Best.Turn(keys, count, dim, turned);

    /// <summary>Writes φ(q)·φ(k) of what the rows see, and 0 for the rest.</summary>
    /// <param name="queries">φ(q): <c>[rows, padded dim]</c>.</param>
    /// <param name="turned">φ(k) as columns.</param>
    /// <param name="dim">Elements of a key.</param>
    /// <param name="mask">Which row sees which key; as many rows as are given, and at most a chunk of keys.</param>
    /// <param name="weights"><c>[rows, ChunkKeys]</c>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Weights(float* queries, float* turned, int dim, MaskWords mask, float* weights)
    {
        int padded = FeatureRows.Padded(dim);
        new Span<float>(weights, mask.Rows * Keys).Clear();
        for (int row = 0; row < mask.Rows; row += Group)
        {
            int rows = Math.Min(Group, mask.Rows - row);
            (int first, int end) = Seen(mask, row, rows);
            if (first == end)
                continue;
            (first, end) = (first & ~15, (end + 15) & ~15);
            Products.Best.Add(
                queries + (nint)row * padded, padded, 1, turned + first, Keys, weights + row * Keys + first, Keys, rows, end - first, dim);
            for (int hidden = row; hidden < row + rows; hidden++)
                Hide(mask.Start[hidden], weights + hidden * Keys, first, end);
        }
    }

    /// <summary>Adds Σ weight · v of what the rows see to their outputs.</summary>
    /// <param name="weights">What <see cref="Weights"/> wrote.</param>
    /// <param name="values">The first value.</param>
    /// <param name="valueStride">Numbers from one value to the next.</param>
    /// <param name="finite">Whether all values are finite.</param>
    /// <param name="columns">Elements of a value with their padding.</param>
    /// <param name="mask">Which row sees which key.</param>
    /// <param name="output"><c>[rows, columns]</c>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddValues(
        float* weights, float* values, nint valueStride, bool finite, int columns, MaskWords mask, float* output)
    {
        if (!finite)
        {
            AddSeen(weights, values, valueStride, columns, mask, output);
            return;
        }
        for (int row = 0; row < mask.Rows; row += Group)
        {
            int rows = Math.Min(Group, mask.Rows - row);
            (int first, int end) = Seen(mask, row, rows);
            Products.Best.Add(
                weights + row * Keys + first, Keys, 1, values + first * valueStride, valueStride, output + (nint)row * columns, columns,
                rows, columns, end - first);
        }
    }

    /// <summary>Adds the weights of each row to its denominator.</summary>
    /// <param name="weights">What <see cref="Weights"/> wrote.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="denominators"><c>[rows]</c>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AddSums(float* weights, int rows, float* denominators)
    {
        for (int row = 0; row < rows; row++, weights += Keys)
        {
            Vector512<float> sum = Vector512.Load(weights) + Vector512.Load(weights + 16) + Vector512.Load(weights + 32) + Vector512.Load(weights + 48);
            denominators[row] += LaneSums.Of(sum);
        }
    }

    /// <summary>The keys from the first to behind the last that one of some rows sees.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (int First, int End) Seen(MaskWords mask, int row, int rows)
    {
        ulong any = 0;
        for (int of = row; of < row + rows; of++)
            any |= mask.Start[of];
        return any == 0 ? (0, 0) : (BitOperations.TrailingZeroCount(any), 64 - BitOperations.LeadingZeroCount(any));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Hide(ulong seen, float* weights, int first, int end)
    {
        for (int key = first; key < end; key += 16)
        {
            if ((ushort)(seen >> key) == ushort.MaxValue)
                continue;
            Vector512<int> bits = Vector512.Create((int)(seen >> key)) & Lanes;
            Vector512.ConditionalSelect(Vector512.Equals(bits, Lanes).AsSingle(), Vector512.Load(weights + key), Vector512<float>.Zero).Store(weights + key);
        }
    }

    // 0 times NaN is NaN: what a row must not see is left out, which changes no sum of numbers.
    private static void AddSeen(float* weights, float* values, nint valueStride, int columns, MaskWords mask, float* output)
    {
        for (int row = 0; row < mask.Rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                float sum = 0f;
                for (int key = 0; key < mask.Keys; key++)
                {
                    if ((mask.Start[row] >> key & 1) != 0)
                        sum = MathF.FusedMultiplyAdd(weights[row * Keys + key], values[key * valueStride + column], sum);
                }
                output[(nint)row * columns + column] += sum;
            }
        }
    }

    private static Vector512<int> Lanes => Vector512.Create(
        1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);
}
