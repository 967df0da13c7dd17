namespace Distributed.Engine.Jobs;

/// <summary>
/// Where finished rows go. Each row of each head comes exactly once, some rows at a time, in any order, from several
/// threads at once.
/// </summary>
public interface IAttentionSink
{
    /// <summary>Takes finished rows of one head. The memory is valid during the call only.</summary>
    /// <param name="batch">Batch entry.</param>
    /// <param name="head">Query head.</param>
    /// <param name="firstRow">First query row.</param>
    /// <param name="output">The output, <c>[rows, ValueDim]</c>.</param>
    /// <param name="logSumExp">
    /// <c>[rows]</c>: natural log of the sum of exponentials of a row's scores; −∞ if it saw no key.
    /// </param>
    void Write(int batch, int head, long firstRow, ReadOnlySpan<float> output, ReadOnlySpan<float> logSumExp);
}
