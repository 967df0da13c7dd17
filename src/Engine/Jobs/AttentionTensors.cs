namespace Distributed.Engine.Jobs;

/// <summary>
/// The optional tensors of an attention: large ones, read where they lie while the job runs, and the numbers of small
/// ones, each of which stands for an option.
/// </summary>
public sealed record AttentionTensors
{
    /// <summary>None.</summary>
    public static AttentionTensors None { get; } = new();

    /// <summary>BOOL, true = may attend; null = none.</summary>
    public BroadcastTensor? Mask { get; init; }

    /// <summary>For <see cref="AttentionOptions.ValidKeys"/>; null = none.</summary>
    public IReadOnlyList<long>? ValidKeys { get; init; }

    /// <summary>For <see cref="AttentionOptions.Documents"/>; null = none.</summary>
    public PackedDocuments? Documents { get; init; }

    /// <summary>The options, completed by what the tensors say.</summary>
    /// <exception cref="InputException">An option is given both ways.</exception>
    internal AttentionOptions Complete(AttentionOptions options)
    {
        RefuseBoth("valid_keys", ValidKeys is not null && options.ValidKeys is not null);
        RefuseBoth("documents", Documents is not null && options.Documents is not null);
        return options with
        {
            ValidKeys = options.ValidKeys ?? ValidKeys,
            Documents = options.Documents ?? Documents,
        };
    }

    private static void RefuseBoth(string name, bool both)
    {
        if (both)
            throw new InputException($"The input holds tensor '{name}' and the option of that name is given too; one of them is expected.");
    }
}
