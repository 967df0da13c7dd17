using Distributed.Kernels.States;

namespace Distributed.Engine.Jobs;

/// <summary>Keeps a job's result in memory.</summary>
/// <param name="shape">The job's sizes.</param>
/// <param name="keepOutput">Whether to keep the output; without it only the LSE is kept.</param>
public sealed class MemorySink(AttentionShape shape, bool keepOutput = true) : IRowStatisticsSink
{
    private float[]? _statistics;

    /// <summary>
    /// Output <c>[B, Hq, Sq, Dv]</c>; empty when it was not to be kept. Rows that a job has not written are undefined: clearing
    /// them first would take a small job's time.
    /// </summary>
    public float[] Output { get; } = keepOutput
        ? GC.AllocateUninitializedArray<float>(checked((int)(shape.Batch * shape.QueryHeads * shape.QueryRows * shape.ValueDim))) : [];

    /// <summary>LSE <c>[B, Hq, Sq]</c>, natural log.</summary>
    public float[] LogSumExp { get; } = new float[checked(shape.Batch * shape.QueryHeads * shape.QueryRows)];

    /// <summary>Statistics <c>[B, Hq, Sq, ResultsPerRow]</c>; empty when the job did not ask for any.</summary>
    public float[] Statistics => _statistics ?? [];

    /// <inheritdoc/>
    public void WriteStatistics(int batch, int head, long firstRow, ReadOnlySpan<float> statistics)
    {
        lock (LogSumExp)
            _statistics ??= new float[checked(LogSumExp.Length * RowStatistics.ResultsPerRow)];
        long index = ((long)batch * shape.QueryHeads + head) * shape.QueryRows + firstRow;
        statistics.CopyTo(_statistics.AsSpan(checked((int)(index * RowStatistics.ResultsPerRow))));
    }

    /// <inheritdoc/>
    public void Write(int batch, int head, long firstRow, ReadOnlySpan<float> output, ReadOnlySpan<float> logSumExp)
    {
        long index = ((long)batch * shape.QueryHeads + head) * shape.QueryRows + firstRow;
        logSumExp.CopyTo(LogSumExp.AsSpan(checked((int)index)));
        if (keepOutput)
            output.CopyTo(Output.AsSpan(checked((int)(index * shape.ValueDim))));
    }
}
