using System.Numerics;

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
        for (; key + Vector<float>.Count <= sums.Length; key += Vector<float>.Count)
        {
            float* at = tile.Start + key;
            Vector<float> sum = Vector<float>.Zero;
            for (int row = 0; row < tile.Rows.Count; row++, at += tile.RowStride)
                sum += Vector.Load(at);
            sum.CopyTo(sums[key..]);
        }
        for (; key < sums.Length; key++)
        {
            sums[key] = 0;
            for (int row = 0; row < tile.Rows.Count; row++)
                sums[key] += tile.Start[(nint)row * tile.RowStride + key];
        }
        for (int i = 0; i < sums.Length; i++)
            _sums.Add(tile.Keys.Start + i, sums[i]);
    }
}
