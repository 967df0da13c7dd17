using System.Runtime.CompilerServices;
using Distributed.Kernels.Masks;
using Distributed.Kernels.States;

namespace Distributed.Engine.Jobs;

/// <summary>The statistics that a job works out of its rows' weights while it folds keys.</summary>
public sealed unsafe class JobStatistics
{
    private readonly QueryPositions _positions;
    private readonly RowStatisticsOptions _options;

    private JobStatistics(QueryPositions positions, RowStatisticsOptions options) => (_positions, _options) = (positions, options);

    /// <summary>The statistics of a job; null when it asks for none.</summary>
    public static JobStatistics? Of(in AttentionShape shape, AttentionOptions options) =>
        options.RowStatistics is { } asked ? new JobStatistics(JobMasks.Positions(shape, options), asked) : null;

    /// <summary>What to hand to a fold of one tile.</summary>
    /// <param name="tile">The tile.</param>
    /// <param name="sums">The rows' sums, <see cref="RowStatistics.SumsPerRow"/> each.</param>
    /// <param name="distances">Room for a number per row; it is read as long as the result is used.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public RowStatistics For(in MaskTile tile, double* sums, float* distances)
    {
        for (long row = tile.Queries.Start; row < tile.Queries.End;)
        {
            (long offset, long end) = _positions.RunAt(tile.Batch, row);
            for (end = Math.Min(end, tile.Queries.End); row < end; row++)
                distances[row - tile.Queries.Start] = row + offset - tile.Keys.Start;
        }
        return new RowStatistics(
            sums, distances, _options.Window, (int)Math.Clamp(_options.Sinks - tile.Keys.Start, 0, tile.Keys.Count));
    }
}
