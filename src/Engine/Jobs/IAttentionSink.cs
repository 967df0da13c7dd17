namespace Distributed.Engine.Jobs;

/// <summary>
/// Where finished rows go. Each row of each head comes exactly once, in any order, from several threads at a time.
/// </summary>
public interface IAttentionSink
{
    /// <summary>Takes a finished row.</summary>
    /// <param name="batch">Batch entry.</param>
    /// <param name="head">Query head.</param>
    /// <param name="row">Query row.</param>
    /// <param name="output">The output row, <c>[ValueDim]</c>. Valid during the call only.</param>
    /// <param name="logSumExp">Natural log of the sum of exponentials of the row's scores; −∞ if it saw no key.</param>
    void Write(int batch, int head, long row, ReadOnlySpan<float> output, float logSumExp);
}
