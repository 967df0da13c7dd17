using System.Buffers;
using System.Runtime.InteropServices;
using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Kernels.States;
using Microsoft.Win32.SafeHandles;

namespace Distributed.Engine.Checkpoints;

/// <summary>
/// The finished rows of one attempt of a block, in a file of its own. An attempt that was given up and wakes up again can
/// write to its own file alone, which nobody reads any more: that is what keeps it from the output.
/// </summary>
/// <remarks>F32, for each batch entry and query head: the block's output rows, their LSE, their statistics if the job asks for them.</remarks>
public sealed class RowsFile : IRowStatisticsSink, IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly AttentionShape _shape;
    private readonly long _firstRow;
    private readonly int _rows;
    private readonly int _statistics;

    private RowsFile(SafeFileHandle file, JobPlan plan, PlannedBlock block)
    {
        _file = file;
        _shape = plan.Shape;
        (_firstRow, _rows) = RowsOf(plan, block);
        _statistics = plan.Statistics is null ? 0 : RowStatistics.ResultsPerRow;
    }

    private long HeadFloats => (long)_rows * (_shape.ValueDim + 1 + _statistics);

    /// <summary>Creates the file.</summary>
    public static RowsFile Create(string path, JobPlan plan, PlannedBlock block) =>
        new(File.OpenHandle(path, FileMode.Create, FileAccess.ReadWrite, FileShare.Read), plan, block);

    /// <summary>Gives the rows of a finished attempt to a sink.</summary>
    /// <exception cref="IOException">The file is not as long as the block needs, or cannot be read.</exception>
    public static void CopyTo(string path, JobPlan plan, PlannedBlock block, IAttentionSink sink)
    {
        using SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var file = new RowsFile(handle, plan, block);
        const int AtOnce = 256;
        var lse = new float[AtOnce];
        // Too large to be made anew for each block: large objects are collected with all else.
        float[] output = ArrayPool<float>.Shared.Rent(AtOnce * plan.Shape.ValueDim);
        float[] statistics = ArrayPool<float>.Shared.Rent(AtOnce * file._statistics);
        try
        {
            for (int head = 0; head < plan.Shape.Batch * plan.Shape.QueryHeads; head++)
            {
                for (int row = 0; row < file._rows; row += AtOnce)
                {
                    int count = Math.Min(AtOnce, file._rows - row);
                    Span<float> rows = output.AsSpan(0, count * plan.Shape.ValueDim);
                    file.Read(head * file.HeadFloats + (long)row * plan.Shape.ValueDim, rows);
                    file.Read(head * file.HeadFloats + (long)file._rows * plan.Shape.ValueDim + row, lse.AsSpan(0, count));
                    sink.Write(
                        head / plan.Shape.QueryHeads, head % plan.Shape.QueryHeads, file._firstRow + row, rows, lse.AsSpan(0, count));
                    if (file._statistics == 0)
                        continue;
                    Span<float> ofRows = statistics.AsSpan(0, count * file._statistics);
                    file.Read(file.StatisticsOf(head, row), ofRows);
                    ((IRowStatisticsSink)sink).WriteStatistics(
                        head / plan.Shape.QueryHeads, head % plan.Shape.QueryHeads, file._firstRow + row, ofRows);
                }
            }
        }
        finally
        {
            ArrayPool<float>.Shared.Return(output);
            ArrayPool<float>.Shared.Return(statistics);
        }
    }

    /// <inheritdoc/>
    public void Write(int batch, int head, long firstRow, ReadOnlySpan<float> output, ReadOnlySpan<float> logSumExp)
    {
        long start = ((long)batch * _shape.QueryHeads + head) * HeadFloats, row = firstRow - _firstRow;
        Put(start + row * _shape.ValueDim, output);
        Put(start + (long)_rows * _shape.ValueDim + row, logSumExp);
    }

    /// <inheritdoc/>
    public void WriteStatistics(int batch, int head, long firstRow, ReadOnlySpan<float> statistics) =>
        Put(StatisticsOf(batch * _shape.QueryHeads + head, firstRow - _firstRow), statistics);

    /// <summary>Forces the rows to disk.</summary>
    public void Flush() => RandomAccess.FlushToDisk(_file);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static (long First, int Count) RowsOf(JobPlan plan, PlannedBlock block)
    {
        if (block.QuerySpans == 0)
            return (0, 0);
        long first = plan.QueryGrid[block.FirstQuerySpan].Start;
        return (first, checked((int)(plan.QueryGrid[block.FirstQuerySpan + block.QuerySpans - 1].End - first)));
    }

    private long StatisticsOf(int head, long row) =>
        head * HeadFloats + (long)_rows * (_shape.ValueDim + 1) + row * _statistics;

    private void Put(long at, ReadOnlySpan<float> numbers) =>
        RandomAccess.Write(_file, MemoryMarshal.AsBytes(numbers), at * sizeof(float));

    private void Read(long at, Span<float> numbers)
    {
        Span<byte> bytes = MemoryMarshal.AsBytes(numbers);
        for (long offset = at * sizeof(float); !bytes.IsEmpty;)
        {
            int read = RandomAccess.Read(_file, bytes, offset);
            if (read == 0)
                throw new EndOfStreamException("The rows of a finished block are cut off.");
            bytes = bytes[read..];
            offset += read;
        }
    }
}
