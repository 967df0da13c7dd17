using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Engine.Checkpoints;

namespace Distributed.Engine.Analytics;

/// <summary>How much attention each key receives: the sum of its weights over all rows.</summary>
/// <param name="keys">Keys.</param>
public sealed unsafe class ReceivedMass(long keys) : IPartialSink
{
    private const int Lanes = 16, Four = 4 * Lanes;

    private readonly OrderlessSums _sums = new(keys);

    /// <inheritdoc/>
    public int RowsTogether => 1;

    /// <inheritdoc/>
    void IPartialSink.Save(CheckpointWriter writer) => _sums.Save(writer);

    /// <inheritdoc/>
    void IPartialSink.Add(CheckpointReader reader) => _sums.Add(reader);

    /// <summary>The attention that a key received.</summary>
    public double this[long key] => _sums[key];

    /// <summary>Writes what neighbouring keys received.</summary>
    public void CopyTo(long first, Span<float> received) => _sums.CopyTo(first, received);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Take(in WeightTile tile)
    {
        Span<double> sums = stackalloc double[tile.Keys.Count];
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
            Put(a, sums[key..]);
            Put(b, sums[(key + Lanes)..]);
            Put(c, sums[(key + 2 * Lanes)..]);
            Put(d, sums[(key + 3 * Lanes)..]);
        }
        for (; key < sums.Length; key++)
        {
            float sum = 0;
            for (int row = 0; row < tile.Rows.Count; row++)
                sum += tile.Start[(nint)row * tile.RowStride + key];
            sums[key] = sum;
        }
        _sums.Add(tile.Keys.Start, sums);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(Vector512<float> of, Span<double> sums)
    {
        Vector512.WidenLower(of).CopyTo(sums);
        Vector512.WidenUpper(of).CopyTo(sums[(Lanes / 2)..]);
    }
}
