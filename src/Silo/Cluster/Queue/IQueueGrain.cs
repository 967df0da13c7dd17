using Orleans.Concurrency;

namespace Distributed.Silo.Cluster.Queue;

/// <summary>The queue of the cluster: one for all silos, wherever it lives.</summary>
[Alias("distributed.queue")]
public interface IQueueGrain : IGrainWithIntegerKey
{
    /// <summary>Answers what a silo asks on behalf of a caller.</summary>
    [AlwaysInterleave]
    Task<QueueAnswer> AskAsync(QueueQuestion question);
}

/// <summary>What is asked of the queue.</summary>
public enum QueueMatter
{
    /// <summary>Take a job on.</summary>
    Submit,

    /// <summary>Find a job.</summary>
    Find,

    /// <summary>List jobs.</summary>
    List,

    /// <summary>Wait for a change.</summary>
    WhenChanged,

    /// <summary>A job's blocks.</summary>
    Blocks,

    /// <summary>Pause a job.</summary>
    Pause,

    /// <summary>Resume a job.</summary>
    Resume,

    /// <summary>Cancel a job.</summary>
    Cancel,

    /// <summary>Remove a job.</summary>
    Remove,

    /// <summary>A job's files.</summary>
    Paths,

    /// <summary>The queue in numbers.</summary>
    Status,
}

/// <summary>A question.</summary>
/// <param name="Matter">What it is about.</param>
/// <param name="Job">The job; empty where there is none.</param>
/// <param name="After">The revision that is known.</param>
/// <param name="Patience">How long to wait.</param>
/// <param name="Json">What else is said, as JSON.</param>
[GenerateSerializer, Immutable]
public sealed record QueueQuestion(
    [property: Id(0)] QueueMatter Matter, [property: Id(1)] Guid Job, [property: Id(2)] long After,
    [property: Id(3)] TimeSpan Patience, [property: Id(4)] byte[] Json);

/// <summary>An answer.</summary>
/// <param name="Json">What was asked for, as JSON; null when there is none.</param>
/// <param name="IsNew">Whether a job was taken on now.</param>
/// <param name="Refusal">Why it is refused, as JSON; null when it is not.</param>
/// <param name="Detail">The refusal in one sentence.</param>
[GenerateSerializer, Immutable]
public sealed record QueueAnswer(
    [property: Id(0)] byte[]? Json, [property: Id(1)] bool IsNew = false, [property: Id(2)] byte[]? Refusal = null,
    [property: Id(3)] string? Detail = null);
