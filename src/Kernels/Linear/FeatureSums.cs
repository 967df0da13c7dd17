using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Distributed.Kernels.Linear;

/// <summary>
/// The memory of linear attention: Σ φ(k) vᵀ and Σ φ(k) over some keys (Katharopoulos et al., "Transformers are RNNs",
/// 2020, equations 10 to 12). Sums of different keys are added.
/// </summary>
/// <param name="memory"><see cref="FloatsFor"/> numbers.</param>
/// <param name="dim">Elements of a key.</param>
/// <param name="valueDim">Elements of a value.</param>
public readonly unsafe struct FeatureSums(float* memory, int dim, int valueDim)
{
    /// <summary>Keys that are summed from 0 before that sum is added: the chunks that a span is cut into.</summary>
    public const int ChunkKeys = 64;

    /// <summary>Σ φ(k) vᵀ, a <see cref="KeyMemory"/>.</summary>
    public KeyMemory Values => new(memory, dim, Columns);

    /// <summary>Σ φ(k): <c>[padded dim]</c>.</summary>
    public float* Keys => memory + (nint)dim * Columns;

    /// <summary>Elements of a value with their padding.</summary>
    public int Columns => FeatureRows.Padded(valueDim);

    /// <summary>F32 numbers that the sums take.</summary>
    public static nuint FloatsFor(int dim, int valueDim) =>
        (nuint)dim * (nuint)FeatureRows.Padded(valueDim) + (nuint)FeatureRows.Padded(dim);

    /// <summary>Makes them those of no keys.</summary>
    public void Clear() => new Span<float>(memory, (int)FloatsFor(dim, valueDim)).Clear();

    /// <summary>Makes them equal to others.</summary>
    public void CopyFrom(in FeatureSums other) =>
        new ReadOnlySpan<float>(other.Start, (int)FloatsFor(dim, valueDim)).CopyTo(new Span<float>(memory, (int)FloatsFor(dim, valueDim)));

    /// <summary>Adds others.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Add(in FeatureSums other)
    {
        float* to = memory, from = other.Start;
        for (int i = 0; i < (int)FloatsFor(dim, valueDim); i += 16)
            (Vector512.Load(to + i) + Vector512.Load(from + i)).Store(to + i);
    }

    /// <summary>Adds at most <see cref="ChunkKeys"/> keys.</summary>
    /// <param name="keys">φ(k): <c>[count, padded dim]</c>.</param>
    /// <param name="values">v: the first of <c>[count, columns]</c>.</param>
    /// <param name="valueStride">Numbers from one value to the next.</param>
    /// <param name="count">Keys.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AddKeys(float* keys, float* values, nint valueStride, int count)
    {
        int padded = FeatureRows.Padded(dim);
        for (int d = 0; d < padded; d += 16)
        {
            Vector512<float> sum = Vector512<float>.Zero;
            for (int key = 0; key < count; key++)
                sum += Vector512.Load(keys + (nint)key * padded + d);
            (Vector512.Load(Keys + d) + sum).Store(Keys + d);
        }
        Values.Add(keys, 1, padded, values, valueStride, count);
    }

    /// <summary>Adds φ(q)ᵀ Σ φ(k) vᵀ to the outputs of some rows, and φ(q)ᵀ Σ φ(k) to their denominators.</summary>
    /// <param name="queries">φ(q): <c>[rows, padded dim]</c>.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="output"><c>[rows, columns]</c>.</param>
    /// <param name="denominators"><c>[rows]</c>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(float* queries, int rows, float* output, float* denominators)
    {
        int padded = FeatureRows.Padded(dim);
        for (int row = 0; row < rows; row++)
        {
            float* query = queries + (nint)row * padded;
            Vector512<float> sum = Vector512<float>.Zero;
            for (int d = 0; d < padded; d += 16)
                sum = Vector512.FusedMultiplyAdd(Vector512.Load(query + d), Vector512.Load(Keys + d), sum);
            denominators[row] += LaneSums.Of(sum);
        }
        Values.Apply(queries, padded, 1, rows, output, Columns);
    }

    private float* Start => memory;
}
