using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Engine.Checkpoints;
using Distributed.Kernels.Masks;

namespace Distributed.Engine.Analytics;

/// <summary>
/// How much attention goes how far, d = position − key: bin 0 has d = 0, bin n has 2^(n−1) ≤ |d| &lt; 2^n, keys behind the
/// position and keys ahead of it apart. What is farther than the last bin is in the last bin.
/// </summary>
/// <param name="positions">Where the rows stand among the keys.</param>
/// <param name="batch">The batch entry.</param>
/// <param name="bins">Bins, on each side.</param>
public sealed class DistanceHistogram(QueryPositions positions, int batch, int bins) : IPartialSink
{
    private const int Lanes = 16;

    private readonly OrderlessSums _sums = new(2L * bins);

    /// <inheritdoc/>
    public int RowsTogether => 1;

    /// <inheritdoc/>
    void IPartialSink.Save(CheckpointWriter writer) => _sums.Save(writer);

    /// <inheritdoc/>
    void IPartialSink.Add(CheckpointReader reader) => _sums.Add(reader);

    /// <summary>Bins, on each side.</summary>
    public int Bins => bins;

    /// <summary>Bins that hold every distance of an attention of these sizes, its queries standing among the keys.</summary>
    public static int BinsFor(long rows, long keys) => 1 + (int)Math.Ceiling(Math.Log2(Math.Max(2, rows + keys)));

    /// <summary>The attention in a bin, summed over rows.</summary>
    public double Mass(bool ahead, int bin) => _sums[(ahead ? bins : 0) + bin];

    /// <summary>Writes the attention in neighbouring bins: keys behind the position, then keys ahead of it.</summary>
    public void CopyTo(long first, Span<float> masses) => _sums.CopyTo(first, masses);

    /// <inheritdoc/>
    public void Take(in WeightTile tile)
    {
        Span<double> sums = stackalloc double[2 * bins];
        sums.Clear();
        for (int row = 0, rows; row < tile.Rows.Count; row += rows)
        {
            (long offset, long end) = positions.RunAt(batch, tile.Rows.Start + row);
            rows = (int)Math.Min(tile.Rows.Count - row, end - tile.Rows.Start - row);
            long position = tile.Rows.Start + row + offset;
            // Far from the diagonal a whole tile falls into one bin.
            (int nearest, _) = BinAt(position, tile.Keys.End - 1);
            (int farthest, _) = BinAt(position + rows - 1, tile.Keys.Start);
            if (nearest == farthest && nearest % bins != 0)
                sums[nearest] += LaneSum.Of(tile, row, rows, 0, tile.Keys.Count);
            else
                ByRuns(tile, row, rows, position, sums);
        }
        _sums.Add(0, sums);
    }

    // Row by row the runs of keys of one bin; lanes outside a run are 0, so that a bin's lanes go on from row to row.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void ByRuns(in WeightTile tile, int row, int rows, long position, Span<double> sums)
    {
        Span<Vector512<double>> lanes = stackalloc Vector512<double>[2 * bins];
        lanes.Clear();
        for (int i = 0; i < rows; i++)
        {
            ReadOnlySpan<float> weights = tile.Row(row + i);
            for (int key = 0, next; key < weights.Length; key = next)
            {
                (int bin, long end) = BinAt(position + i, tile.Keys.Start + key);
                next = (int)Math.Min(weights.Length, end - tile.Keys.Start);
                Vector512<float> run = default;
                int at = key & ~(Lanes - 1);
                for (; at < next && at + Lanes <= weights.Length; at += Lanes)
                {
                    Vector512<float> sixteen = Vector512.Create(weights[at..]);
                    run += at >= key && at + Lanes <= next ? sixteen : Within(sixteen, key - at, next - at);
                }
                for (at = Math.Max(at, key); at < next; at++)
                    sums[bin] += weights[at];
                lanes[bin] += Vector512.WidenLower(run) + Vector512.WidenUpper(run);
            }
        }
        for (int bin = 0; bin < lanes.Length; bin++)
            sums[bin] += LaneSum.Of(lanes[bin]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Within(Vector512<float> lanes, int first, int end)
    {
        Vector512<int> inside = Vector512.GreaterThanOrEqual(Vector512<int>.Indices, Vector512.Create(first))
            & Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(end));
        return Vector512.ConditionalSelect(inside.AsSingle(), lanes, default);
    }

    /// <summary>The bin of a key, and the key behind the last one of its run in that bin.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private (int Bin, long End) BinAt(long position, long key)
    {
        long distance = position - key;
        if (distance == 0)
            return (0, key + 1);
        int bin = Math.Min(bins - 1, 1 + BitOperations.Log2((ulong)Math.Abs(distance)));
        long nearest = 1L << (bin - 1);
        if (distance > 0)
            return (bin, position - nearest + 1);
        return (bins + bin, bin == bins - 1 ? long.MaxValue : position + (1L << bin));
    }
}
