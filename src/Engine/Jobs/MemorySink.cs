using Distributed.Kernels.States;

namespace Distributed.Engine.Jobs;

/// <summary>Keeps a job's result in memory.</summary>
public sealed class MemorySink : IRowStatisticsSink
{
    private readonly AttentionShape _shape;
    private readonly bool _keepOutput;
    private float[]? _statistics;

    /// <summary>Takes memory for a job's result.</summary>
    /// <param name="shape">The job's sizes.</param>
    /// <param name="keepOutput">Whether to keep the output; without it only the LSE is kept.</param>
    public MemorySink(AttentionShape shape, bool keepOutput = true)
    {
        (_shape, _keepOutput) = (shape, keepOutput);
        Output = keepOutput ? GC.AllocateUninitializedArray<float>(OutputLength(shape)) : [];
        LogSumExp = new float[LogSumExpLength(shape)];
    }

    /// <summary>
    /// Takes over the memory of an earlier result, which is overwritten. Fresh memory costs a page fault for every 4 KiB of
    /// it: in a program that computes many small problems one after the other, a tenth of its time.
    /// </summary>
    /// <param name="shape">The job's sizes.</param>
    /// <param name="earlier">A result of as many numbers, which nobody reads any more.</param>
    /// <exception cref="ArgumentException">It has room for another number of rows or columns.</exception>
    public MemorySink(AttentionShape shape, MemorySink earlier)
    {
        ArgumentNullException.ThrowIfNull(earlier);
        if (earlier.LogSumExp.Length != LogSumExpLength(shape) || (earlier._keepOutput && earlier.Output.Length != OutputLength(shape)))
        {
            throw new ArgumentException(
                $"The earlier result has room for {earlier.Output.Length} outputs of {earlier.LogSumExp.Length} rows: expected " +
                $"{OutputLength(shape)} of {LogSumExpLength(shape)}.", nameof(earlier));
        }
        (_shape, _keepOutput, Output, LogSumExp) = (shape, earlier._keepOutput, earlier.Output, earlier.LogSumExp);
    }

    /// <summary>
    /// Output <c>[B, Hq, Sq, Dv]</c>; empty when it was not to be kept. Rows that a job has not written are undefined: clearing
    /// them first would take a small job's time.
    /// </summary>
    public float[] Output { get; }

    /// <summary>LSE <c>[B, Hq, Sq]</c>, natural log.</summary>
    public float[] LogSumExp { get; }

    /// <summary>Statistics <c>[B, Hq, Sq, ResultsPerRow]</c>; empty when the job did not ask for any.</summary>
    public float[] Statistics => _statistics ?? [];

    /// <inheritdoc/>
    public void WriteStatistics(int batch, int head, long firstRow, ReadOnlySpan<float> statistics)
    {
        lock (LogSumExp)
            _statistics ??= new float[checked(LogSumExp.Length * RowStatistics.ResultsPerRow)];
        long index = ((long)batch * _shape.QueryHeads + head) * _shape.QueryRows + firstRow;
        statistics.CopyTo(_statistics.AsSpan(checked((int)(index * RowStatistics.ResultsPerRow))));
    }

    /// <inheritdoc/>
    public void Write(int batch, int head, long firstRow, ReadOnlySpan<float> output, ReadOnlySpan<float> logSumExp)
    {
        long index = ((long)batch * _shape.QueryHeads + head) * _shape.QueryRows + firstRow;
        logSumExp.CopyTo(LogSumExp.AsSpan(checked((int)index)));
        if (_keepOutput)
            output.CopyTo(Output.AsSpan(checked((int)(index * _shape.ValueDim))));
    }

    private static int LogSumExpLength(AttentionShape shape) => checked((int)((long)shape.Batch * shape.QueryHeads * shape.QueryRows));

    private static int OutputLength(AttentionShape shape) => checked(LogSumExpLength(shape) * shape.ValueDim);
}
