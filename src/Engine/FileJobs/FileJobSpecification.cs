using Distributed.Engine.Analytics;
using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms;
using Distributed.Kernels.Numerics;

namespace Distributed.Engine.FileJobs;

/// <summary>A job over tensor files: what to read, what to compute, what to write.</summary>
public sealed record FileJobSpecification
{
    /// <summary>
    /// The files the tensors come from: one file that holds <c>q</c>, <c>k</c>, <c>v</c> and optional tensors, or a file
    /// for each of the three.
    /// </summary>
    public required TensorPaths Inputs { get; init; }

    /// <summary>The file to write <c>o</c> (and <c>lse</c>) to. What has this name is replaced when the job is done.</summary>
    public required string Output { get; init; }

    /// <summary>The order of the axes of q, k, v and o.</summary>
    /// <value><see cref="HeadLayout.Bhsd"/>.</value>
    public HeadLayout Layout { get; init; } = HeadLayout.Bhsd;

    /// <summary>Heads of q, and of k and v: for <see cref="HeadLayout.Bsd"/>, whose tensors do not tell them.</summary>
    public (int Query, int Key)? Heads { get; init; }

    /// <summary>Element type of <c>o</c>; <c>lse</c> is F32 always.</summary>
    /// <value><see cref="ElementType.F32"/>.</value>
    public ElementType OutputType { get; init; } = ElementType.F32;

    /// <summary>Whether to write <c>lse [B, Hq, Sq]</c> too.</summary>
    public bool WithLogSumExp { get; init; }

    /// <summary>Which scores to write as <c>qk [B, Hq, Sq, Skv]</c> too, for small problems; null = none.</summary>
    public ScoreKind? QkOutput { get; init; }

    /// <summary>What to work out of the weights in a second pass and write too; null = nothing.</summary>
    public AnalyticsOptions? Analytics { get; init; }

    /// <summary>Names of tensors in the input that the job does not read. Any other unknown name is refused.</summary>
    public IReadOnlyList<string> Ignore { get; init; } = [];

    /// <summary>What to compute.</summary>
    public AttentionOptions Options { get; init; } = new();

    /// <summary>Whether a second pass over the weights is needed.</summary>
    public bool NeedsWeights => Analytics is { AsksForWeights: true };

    /// <summary>Whether <c>lse</c> is written: where it is asked for, and where weights are, which it is the key to.</summary>
    public bool WritesLogSumExp => WithLogSumExp || NeedsWeights;

    /// <summary>Refuses a number of threads: a server's jobs share the threads it was started with.</summary>
    /// <exception cref="InputException">The job asks for one.</exception>
    public void RefuseThreads()
    {
        if (Options.Threads is { } threads)
            throw new InputException($"Threads {threads} cannot be chosen by a job: each silo has its own.");
    }

    /// <summary>Checks what can be checked without the files.</summary>
    /// <exception cref="InputException">An option is out of its range.</exception>
    public void Validate()
    {
        Options.Validate();
        Analytics?.Validate();
        if (Analytics is { AsksForWeights: false })
            throw new InputException($"Analytics say how heads come together ({Specification.Names.Of(Analytics.Heads)}), but ask for nothing that heads come together in.");
        Mechanism mechanism = Options.Mechanism;
        if (!mechanism.HasScores && QkOutput is { } kind)
            throw new InputException($"QK output {Specification.Names.Of(kind)} has no meaning beside mechanism {Specification.Names.Of(mechanism.Kind)}, which has no scores of single keys.");
        if (!mechanism.HasDenominator && WithLogSumExp)
            throw new InputException($"LSE has no meaning beside mechanism {Specification.Names.Of(mechanism.Kind)} without a denominator, whose logarithm it is.");
        if (Layout == HeadLayout.Bsd != Heads is not null)
        {
            throw new InputException(Heads is null
                ? "Layout bsd needs the numbers of heads: its tensors do not tell them."
                : $"Heads {Heads.Value.Query},{Heads.Value.Key} are for layout bsd alone: other layouts have an axis of heads.");
        }
        if (Heads is { } heads && (heads.Query < 1 || heads.Key < 1))
            throw new InputException($"Heads {heads.Query},{heads.Key} are out of range; 1 or more of each are expected.");
    }
}
