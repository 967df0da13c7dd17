using System.Numerics.Tensors;
using System.Runtime.Intrinsics;

namespace Distributed.Engine.Analytics;

/// <summary>How much attention each key receives: the sum of its weights over all rows.</summary>
/// <param name="keys">Keys.</param>
public sealed unsafe class ReceivedMass(long keys) : IWeightSink
{
    private const int Lanes = 16, Four = 4 * Lanes;

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
        for (; key + Four <= sums.Length; key += Four)
        {
            // Four vectors side by side: one alone would wait for itself from row to row.
            float* at = tile.Start + key;
            Vector512<float> a = default, b = default, c = default, d = default;
            for (int row = 0; row < tile.Rows.Count; row++, at += tile.RowStride)
            {
                a += Vector512.Load(at);
                b += Vector512.Load(at + Lanes);
                c += Vector512.Load(at + 2 * Lanes);
                d += Vector512.Load(at + 3 * Lanes);
            }
            a.CopyTo(sums[key..]);
            b.CopyTo(sums[(key + Lanes)..]);
            c.CopyTo(sums[(key + 2 * Lanes)..]);
            d.CopyTo(sums[(key + 3 * Lanes)..]);
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
