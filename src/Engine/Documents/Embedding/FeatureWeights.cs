namespace Distributed.Engine.Documents.Embedding;

/// <summary>
/// How much a feature of one family counts in a document: (1 + ln tf) · √idf with idf = ln(1 + S / df), where tf is how
/// often the passage has it, df in how many of the S passages it occurs. Both passages of a pair carry √idf, so a shared
/// feature counts its idf once in their cosine. A feature of one passage alone cannot link it to another: it counts
/// nothing, unless the passage has no other.
/// </summary>
internal sealed class FeatureWeights
{
    private readonly Dictionary<ulong, int> _passagesWith;
    private readonly double _passages;

    private FeatureWeights(Dictionary<ulong, int> passagesWith, int passages)
    {
        _passagesWith = passagesWith;
        _passages = passages;
    }

    /// <summary>Counts a document.</summary>
    public static FeatureWeights Of(FeatureFamily family, IReadOnlyList<Passage> passages, CancellationToken cancellation)
    {
        var passagesWith = new Dictionary<ulong, int>();
        var text = new FoldedText();
        var features = new List<ulong>();
        foreach (Passage passage in passages)
        {
            cancellation.ThrowIfCancellationRequested();
            text.Set(passage.Text);
            family.Extract(text, features);
            for (int i = 0; i < features.Count; i++)
            {
                if (i == 0 || features[i] != features[i - 1])
                    System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(passagesWith, features[i], out _)++;
            }
        }
        return new FeatureWeights(passagesWith, passages.Count);
    }

    /// <summary>The weights of a passage's features.</summary>
    /// <param name="features">As <see cref="FeatureFamily.Extract"/> left them.</param>
    /// <param name="weighted">Filled with each feature once, ascending, and its weight.</param>
    public void Weigh(List<ulong> features, List<(ulong Feature, double Weight)> weighted)
    {
        weighted.Clear();
        Weigh(features, weighted, leastPassages: 2);
        if (weighted.Count == 0)
            Weigh(features, weighted, leastPassages: 1);
    }

    private void Weigh(List<ulong> features, List<(ulong Feature, double Weight)> weighted, int leastPassages)
    {
        for (int i = 0, next; i < features.Count; i = next)
        {
            next = i + 1;
            while (next < features.Count && features[next] == features[i])
                next++;
            int passagesWith = _passagesWith[features[i]];
            if (passagesWith < leastPassages)
                continue;
            double inverse = StableMath.Ln(1 + _passages / passagesWith);
            weighted.Add((features[i], (1 + StableMath.Ln(next - i)) * Math.Sqrt(inverse)));
        }
    }
}
