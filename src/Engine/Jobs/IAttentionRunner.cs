namespace Distributed.Engine.Jobs;

/// <summary>Something that runs attention over tensors in memory: this process, or a cluster.</summary>
public interface IAttentionRunner
{
    /// <summary>Runs a job.</summary>
    /// <param name="input">Its tensors. Their memory must stay until the job has ended.</param>
    /// <param name="options">What to compute.</param>
    /// <param name="sink">Where the rows go.</param>
    /// <param name="progress">Told a few times a second; null = nobody.</param>
    /// <param name="cancellation">Stops the job; what the sink has been given so far is then incomplete.</param>
    /// <exception cref="InputException">An option is out of its range.</exception>
    Task<JobReport> RunAsync(
        AttentionInput input, AttentionOptions options, IAttentionSink sink, IProgress<JobProgress>? progress,
        CancellationToken cancellation);
}

/// <summary>Runs attention in this process (<see cref="EmbeddedEngine"/>).</summary>
public sealed class EmbeddedRunner : IAttentionRunner
{
    /// <inheritdoc/>
    public Task<JobReport> RunAsync(
        AttentionInput input, AttentionOptions options, IAttentionSink sink, IProgress<JobProgress>? progress,
        CancellationToken cancellation) => EmbeddedEngine.RunAsync(input, options, sink, progress, cancellation);
}
