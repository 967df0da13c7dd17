using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.FileJobs;

/// <summary>
/// Past and new keys (or values) as one tensor in the output: what a next job takes as its past. It is written span by span
/// from where the rows lie.
/// </summary>
/// <param name="rows">The rows.</param>
/// <param name="layout">The order of the axes in the file.</param>
internal sealed class PresentTensor(KeyRows rows, HeadLayout layout)
{
    /// <summary>Element type.</summary>
    public ElementType Type => rows.Type;

    /// <summary>Its extents in a file.</summary>
    public long[] Extents => layout == HeadLayout.Bhsd
        ? [rows.Batch, rows.Heads, rows.Rows, rows.Dim]
        : [rows.Batch, rows.Rows, rows.Heads, rows.Dim];

    /// <summary>Writes it.</summary>
    public void WriteTo(TensorWriter writer)
    {
        var grid = new SpanGrid(rows.Rows);
        long rowBytes = (long)rows.Dim * rows.Type.SizeInBytes();
        for (int batch = 0; batch < rows.Batch; batch++)
        {
            for (int head = 0; head < rows.Heads; head++)
            {
                for (int span = 0; span < grid.Count; span++)
                {
                    TensorRows of = rows.Slice(batch, head, grid[span]);
                    (long first, long step) = layout == HeadLayout.Bhsd
                        ? (((long)batch * rows.Heads + head) * rows.Rows + grid[span].Start, 1)
                        : (((long)batch * rows.Rows + grid[span].Start) * rows.Heads + head, (long)rows.Heads);
                    Write(writer, of, first * rowBytes, step * rowBytes, (int)rowBytes);
                }
            }
        }
    }

    private static unsafe void Write(TensorWriter writer, TensorRows of, long at, long step, int rowBytes)
    {
        if (step == rowBytes && of.StrideInBytes == rowBytes)
        {
            writer.WriteBytes(at, new ReadOnlySpan<byte>(of.Row(0), of.Count * rowBytes));
            return;
        }
        for (int row = 0; row < of.Count; row++)
            writer.WriteBytes(at + row * step, new ReadOnlySpan<byte>(of.Row(row), rowBytes));
    }
}
