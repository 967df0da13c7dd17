using Distributed.Engine.Files;
using Distributed.Engine.Jobs;

namespace Distributed.Engine.FileJobs;

/// <summary>Writes finished rows to their places in an output file.</summary>
/// <param name="shape">The job's sizes.</param>
/// <param name="layout">The order of the output's axes.</param>
/// <param name="output">Tensor <c>o</c>.</param>
/// <param name="logSumExp">Tensor <c>lse</c>; null when it is not asked for.</param>
internal sealed class FileSink(AttentionShape shape, HeadLayout layout, TensorWriter output, TensorWriter? logSumExp)
    : IAttentionSink
{
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
    }
}
