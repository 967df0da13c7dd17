namespace Distributed.Engine.Documents.Embedding;

/// <summary>What one head looks at: n-grams of words, or n-grams of characters.</summary>
/// <param name="Name">For people, e.g. <c>words</c>.</param>
/// <param name="OfWords">Whether they are of words; else of characters, over the spaces between words.</param>
/// <param name="Shortest">Least n.</param>
/// <param name="Longest">Greatest n.</param>
public sealed record FeatureFamily(string Name, bool OfWords, int Shortest, int Longest)
{
    /// <summary>The families of the heads, from head 0; further heads begin again from the first, with other signs.</summary>
    public static IReadOnlyList<FeatureFamily> All { get; } =
    [
        new("words", OfWords: true, 1, 1),
        new("words and pairs of words", OfWords: true, 1, 2),
        new("4 characters", OfWords: false, 4, 4),
        new("5 characters", OfWords: false, 5, 5),
    ];

    /// <summary>
    /// Fills <paramref name="features"/> with the hashes of the n-grams of a passage, ascending, each as often as it
    /// occurs. A passage shorter than <see cref="Shortest"/> gives itself.
    /// </summary>
    internal void Extract(FoldedText text, List<ulong> features)
    {
        features.Clear();
        for (int n = Shortest; n <= Longest; n++)
        {
            if (OfWords)
                Words(text, n, features);
            else
                Characters(text.Text, n, features);
        }
        if (features.Count == 0)
            features.Add(FeatureHash.Of(text.Text));
        features.Sort();
    }

    private static void Words(FoldedText text, int n, List<ulong> features)
    {
        for (int first = 0; first + n <= text.Words; first++)
        {
            ulong hash = (ulong)n;
            for (int i = first; i < first + n; i++)
                hash = FeatureHash.Join(hash, FeatureHash.Of(text.Word(i)));
            features.Add(hash);
        }
    }

    private static void Characters(ReadOnlySpan<char> text, int n, List<ulong> features)
    {
        for (int first = 0; first + n <= text.Length; first++)
            features.Add(FeatureHash.Of(text.Slice(first, n)));
    }
}
