using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Kernels.States;

namespace Distributed.Engine.FileJobs;

/// <summary>Writes finished rows to their places in an output file.</summary>
/// <param name="shape">The job's sizes.</param>
/// <param name="layout">The order of the output's axes.</param>
/// <param name="output">Tensor <c>o</c>.</param>
/// <param name="logSumExp">Tensor <c>lse</c>; null when it is not asked for.</param>
/// <param name="statistics">Tensors of the rows' statistics, in their order; empty when they are not asked for.</param>
/// <param name="keepLogSumExp">Whether to keep the LSE in memory too, for a second pass.</param>
internal sealed class FileSink(
    AttentionShape shape, HeadLayout layout, TensorWriter output, TensorWriter? logSumExp, IReadOnlyList<TensorWriter> statistics,
    bool keepLogSumExp)
    : IRowStatisticsSink
{
    /// <summary>LSE <c>[B, Hq, Sq]</c> of the rows that came; empty when it was not to be kept.</summary>
    public float[] LogSumExp { get; } =
        keepLogSumExp ? new float[checked((long)shape.Batch * shape.QueryHeads * shape.QueryRows)] : [];

    public void WriteStatistics(int batch, int head, long firstRow, ReadOnlySpan<float> rows)
    {
        long at = ((long)batch * shape.QueryHeads + head) * shape.QueryRows + firstRow;
        var column = new float[rows.Length / RowStatistics.ResultsPerRow];
        for (int of = 0; of < statistics.Count; of++)
        {
            for (int row = 0; row < column.Length; row++)
                column[row] = rows[row * RowStatistics.ResultsPerRow + of];
            statistics[of].Write(at, column);
        }
    }

    public void Write(int batch, int head, long firstRow, ReadOnlySpan<float> rows, ReadOnlySpan<float> lse)
    {
        long headRow = ((long)batch * shape.QueryHeads + head) * shape.QueryRows + firstRow;
        if (layout == HeadLayout.Bhsd)
        {
            output.Write(headRow * shape.ValueDim, rows);
        }
        else
        {
            for (int row = 0; row < lse.Length; row++)
            {
                long place = ((batch * shape.QueryRows + firstRow + row) * shape.QueryHeads + head) * shape.ValueDim;
                output.Write(place, rows.Slice(row * shape.ValueDim, shape.ValueDim));
            }
        }
        logSumExp?.Write(headRow, lse);
        if (keepLogSumExp)
            lse.CopyTo(LogSumExp.AsSpan(checked((int)headRow)));
    }
}
