using System.Numerics.Tensors;
using System.Runtime.Intrinsics;

namespace Distributed.Engine.Analytics;

/// <summary>How much attention each key receives: the sum of its weights over all rows.</summary>
/// <param name="keys">Keys.</param>
public sealed unsafe class ReceivedMass(long keys) : IWeightSink
{
    private readonly OrderlessSums _sums = new(keys);

    /// <inheritdoc/>
    public int RowsTogether => 1;

    /// <summary>The attention that a key received.</summary>
    public double this[long key] => _sums[key];

    /// <inheritdoc/>
    public void Take(in WeightTile tile)
    {
        Span<float> sums = stackalloc float[tile.Keys.Count];
        int key = 0;
        for (; key + Vector512<float>.Count <= sums.Length; key += Vector512<float>.Count)
        {
            float* at = tile.Start + key;
            Vector512<float> sum = Vector512<float>.Zero;
            for (int row = 0; row < tile.Rows.Count; row++, at += tile.RowStride)
                sum += Vector512.Load(at);
            sum.CopyTo(sums[key..]);
        }
        for (; key < sums.Length; key++)
        {
            sums[key] = 0;
            for (int row = 0; row < tile.Rows.Count; row++)
                sums[key] += tile.Start[(nint)row * tile.RowStride + key];
        }
        Span<double> masses = stackalloc double[sums.Length];
        TensorPrimitives.ConvertTruncating<float, double>(sums, masses);
        _sums.Add(tile.Keys.Start, masses);
    }
}
