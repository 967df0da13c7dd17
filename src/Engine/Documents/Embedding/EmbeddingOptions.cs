namespace Distributed.Engine.Documents.Embedding;

/// <summary>The shape of a passage's embedding. docs/documents.md has the measurements behind the defaults.</summary>
public sealed record EmbeddingOptions
{
    /// <summary>Most heads.</summary>
    public const int MostHeads = 64;

    /// <summary>Most elements of a head.</summary>
    public const int MostHeadDim = 4096;

    /// <summary>Heads; head <c>h</c> looks at family <c>h mod 4</c> of <see cref="FeatureFamily.All"/>.</summary>
    /// <value>4.</value>
    public int Heads { get; init; } = 4;

    /// <summary>Elements of a head's vector: a multiple of <see cref="PassageEmbedding.Touched"/>.</summary>
    /// <value>128.</value>
    public int HeadDim { get; init; } = 128;

    /// <summary>Checks the options.</summary>
    /// <exception cref="InputException">One is out of its range.</exception>
    public void Validate()
    {
        if (Heads is < 1 or > MostHeads)
            throw new InputException($"Heads {Heads} is out of range; 1 to {MostHeads} is expected.");
        if (HeadDim < PassageEmbedding.Touched || HeadDim > MostHeadDim || HeadDim % PassageEmbedding.Touched != 0)
        {
            throw new InputException(
                $"Head size {HeadDim} is out of range; a multiple of {PassageEmbedding.Touched} up to {MostHeadDim} is expected.");
        }
    }
}
