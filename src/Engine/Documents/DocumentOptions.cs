using Distributed.Engine.Documents.Embedding;
using Distributed.Engine.Jobs;

namespace Distributed.Engine.Documents;

/// <summary>What to do with a document.</summary>
public sealed record DocumentOptions
{
    /// <summary>Links kept of each passage.</summary>
    public const int LinksPerPassage = 10;

    /// <summary>Where the text is cut.</summary>
    /// <value>At line ends.</value>
    public PassageUnit Unit { get; init; } = PassageUnit.Line;

    /// <summary>
    /// A passage does not attend to passages at this distance or less, itself among them; −1 = it may attend to all.
    /// </summary>
    /// <value>1.</value>
    public long Exclude { get; init; } = 1;

    /// <summary>The shape of the embedding.</summary>
    public EmbeddingOptions Embedding { get; init; } = new();

    /// <summary>
    /// The factor on the cosine of two passages in each head: the softmax scale. A higher one gives more of a passage's
    /// attention to its strongest links.
    /// </summary>
    /// <value>20.</value>
    public double Temperature { get; init; } = 20;

    /// <summary>Strongest pairs of the whole document to report.</summary>
    /// <value>50.</value>
    public int Links { get; init; } = 50;

    /// <summary>Where the files go; it is made if need be. Null = no files.</summary>
    public string? OutputDirectory { get; init; }

    /// <summary>Compute threads. It changes the time, never the result.</summary>
    /// <value>The number of processors.</value>
    public int Threads { get; init; } = Environment.ProcessorCount;

    /// <summary>Blocks that the passages are cut into. It changes the schedule, never the result.</summary>
    /// <value>1.</value>
    public int Blocks { get; init; } = 1;

    /// <summary>What runs the attention; the rest of the work is done in this process. It never changes the result.</summary>
    /// <value>This process.</value>
    public IAttentionRunner Runner { get; init; } = new EmbeddedRunner();

    /// <summary>Checks every option by itself.</summary>
    /// <exception cref="InputException">One is out of its range.</exception>
    public void Validate()
    {
        if (Exclude < -1)
            throw new InputException($"Exclude {Exclude} is out of range; a distance of 0 or more, or -1 for none, is expected.");
        if (!double.IsFinite(Temperature) || Temperature <= 0)
            throw new InputException($"Temperature {Temperature} is out of range; a number above 0 is expected.");
        if (Links < 0)
            throw new InputException($"Links {Links} is negative; a number of pairs is expected.");
        Embedding.Validate();
        Attention(passages: 1).Validate();
    }

    /// <summary>The options of the attention over so many passages.</summary>
    internal AttentionOptions Attention(int passages) => new()
    {
        Scale = Temperature,
        ExcludedBand = Exclude < 0 ? null : Math.Min(Exclude, passages),
        Threads = Threads,
        Blocks = Blocks,
    };
}
