using Distributed.Engine.Compute;
using Distributed.Engine.Jobs;

namespace Distributed.Engine.Analytics;

/// <summary>The exact weights of any rectangle of a job's matrix.</summary>
public static class WeightRectangle
{
    /// <summary>Most weights read at a time.</summary>
    public const long MaxWeights = 1L << 24;

    /// <summary>Reads the weights <c>[rows, keys]</c> of a rectangle.</summary>
    /// <param name="weights">The job's weights.</param>
    /// <param name="logSumExp">LSE <c>[B, Hq, Sq]</c> of the job; that of the rectangle's rows must be there.</param>
    /// <param name="plane">The matrix.</param>
    /// <param name="rows">Rows, from the first to behind the last.</param>
    /// <param name="keys">Keys, from the first to behind the last.</param>
    /// <param name="compute">Where the work runs.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="InputException">It is not in the matrix, or too large.</exception>
    public static async Task<float[]> ReadAsync(
        JobWeights weights, ReadOnlyMemory<float> logSumExp, AttentionPlane plane, (long First, long End) rows,
        (long First, long End) keys, ICompute compute, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(weights);
        Check(weights.Shape, rows, keys);
        double count = (double)(rows.End - rows.First) * (keys.End - keys.First);
        if (count > MaxWeights)
            throw new InputException($"Rows {rows.First}:{rows.End} by keys {keys.First}:{keys.End} are {count:f0} weights; at most {MaxWeights} are read at a time.");
        var read = new Copy(rows.First, keys.First, (int)(keys.End - keys.First), new float[(long)count]);
        await new WeightPass(weights, logSumExp) { Rows = rows, Keys = keys }
            .RunAsync([new PlaneSinks(plane, [read])], compute, null, cancellation).ConfigureAwait(false);
        return read.Weights;
    }

    /// <summary>Checks that a rectangle is in a matrix, and not empty.</summary>
    /// <exception cref="InputException">It is not.</exception>
    public static void Check(in AttentionShape shape, (long First, long End) rows, (long First, long End) keys)
    {
        if (rows.First < 0 || rows.First >= rows.End || rows.End > shape.QueryRows)
            throw new InputException($"Rows {rows.First}:{rows.End} are not in the matrix; FIRST:END within 0:{shape.QueryRows} is expected.");
        if (keys.First < 0 || keys.First >= keys.End || keys.End > shape.KeyRows)
            throw new InputException($"Keys {keys.First}:{keys.End} are not in the matrix; FIRST:END within 0:{shape.KeyRows} is expected.");
    }

    private sealed class Copy(long firstRow, long firstKey, int width, float[] weights) : IWeightSink
    {
        public float[] Weights => weights;

        public int RowsTogether => 1;

        public void Take(in WeightTile tile)
        {
            for (int row = 0; row < tile.Rows.Count; row++)
            {
                long at = (tile.Rows.Start + row - firstRow) * width + tile.Keys.Start - firstKey;
                tile.Row(row).CopyTo(weights.AsSpan(checked((int)at)));
            }
        }
    }
}
