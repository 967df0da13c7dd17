namespace Distributed.Engine.Jobs;

/// <summary>
/// The large optional tensors of an attention, read where they lie while the job runs. (Small ones, such as document
/// boundaries, are numbers in <see cref="AttentionOptions"/>.)
/// </summary>
public sealed record AttentionTensors
{
    /// <summary>None.</summary>
    public static AttentionTensors None { get; } = new();

    /// <summary>BOOL, true = may attend; null = none.</summary>
    public BroadcastTensor? Mask { get; init; }
}
