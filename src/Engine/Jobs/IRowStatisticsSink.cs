namespace Distributed.Engine.Jobs;

/// <summary>A sink that takes the statistics of rows too, for jobs that ask for them.</summary>
public interface IRowStatisticsSink : IAttentionSink
{
    /// <summary>Takes the statistics of finished rows of one head. The memory is valid during the call only.</summary>
    /// <param name="batch">Batch entry.</param>
    /// <param name="head">Query head.</param>
    /// <param name="firstRow">First query row.</param>
    /// <param name="statistics"><c>[rows, ResultsPerRow]</c>, in the order of <see cref="Kernels.States.RowStatistic"/>.</param>
    void WriteStatistics(int batch, int head, long firstRow, ReadOnlySpan<float> statistics);
}
