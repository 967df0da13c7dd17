namespace Distributed.Documents.Benchmarks;

/// <summary>A passage and the one most like it.</summary>
/// <param name="Passage">The passage.</param>
/// <param name="Partner">The one most like it.</param>
/// <param name="Similarity">How alike they are; see <see cref="WordSimilarity"/>.</param>
/// <param name="RunnerUp">How like it the second most alike passage is.</param>
internal sealed record ParallelPassage(int Passage, int Partner, double Similarity, double RunnerUp);

/// <summary>
/// The parallel passages of a book by brute force over all pairs that share enough word triples.
/// </summary>
internal static class Parallels
{
    private const int FewestWords = 6;
    private const double LeastSimilarity = 0.5;

    // A triple in more passages than this tells nothing; passages this alike share at least one triple in twelve.
    private const int CommonTriple = 3000;
    private const int WordsPerSharedTriple = 12;

    /// <summary>Every passage whose most similar one is at least <paramref name="distance"/> away.</summary>
    public static IReadOnlyList<ParallelPassage> Find(IReadOnlyList<string> passages, int distance)
    {
        var numbers = new Dictionary<string, int>();
        int[][] words = passages.Select(passage => WordSimilarity.Words(passage).Select(word =>
        {
            numbers.TryAdd(word, numbers.Count);
            return numbers[word];
        }).ToArray()).ToArray();

        var holders = new Dictionary<(int, int, int), List<int>>();
        for (int passage = 0; passage < words.Length; passage++)
        {
            foreach ((int, int, int) triple in Triples(words[passage]))
            {
                if (!holders.TryGetValue(triple, out List<int>? of))
                    holders[triple] = of = [];
                of.Add(passage);
            }
        }
        return Enumerable.Range(0, words.Length).AsParallel().AsOrdered()
            .Select(passage => Best(passage, words, holders))
            .OfType<ParallelPassage>().Where(best => Math.Abs(best.Partner - best.Passage) >= distance).ToArray();
    }

    private static ParallelPassage? Best(int passage, int[][] words, Dictionary<(int, int, int), List<int>> holders)
    {
        int[] own = words[passage];
        if (own.Length < FewestWords)
            return null;
        Dictionary<int, int> shared = [];
        foreach (List<int> of in Triples(own).Select(triple => holders[triple]).Where(of => of.Count <= CommonTriple))
        {
            foreach (int other in of.Where(other => other != passage))
                shared[other] = shared.GetValueOrDefault(other) + 1;
        }
        var best = new ParallelPassage(passage, -1, 0, 0);
        foreach (int other in shared.Where(of => of.Value * WordsPerSharedTriple >= own.Length).Select(of => of.Key).Order())
        {
            double similarity = WordSimilarity.Of(own, words[other]);
            if (similarity > best.Similarity)
                best = new ParallelPassage(passage, other, similarity, best.Similarity);
            else if (similarity > best.RunnerUp)
                best = best with { RunnerUp = similarity };
        }
        return best.Similarity >= LeastSimilarity ? best : null;
    }

    private static IEnumerable<(int, int, int)> Triples(int[] words) =>
        Enumerable.Range(0, Math.Max(0, words.Length - 2)).Select(i => (words[i], words[i + 1], words[i + 2])).Distinct();
}
