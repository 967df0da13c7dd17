using System.Text;

namespace Distributed.Documents.Benchmarks;

/// <summary>
/// How alike two passages are, judged without any embedding: 2 · L / (n + m), where L is the length of the longest common
/// subsequence of their n and m words. 1 = word for word the same.
/// </summary>
internal static class WordSimilarity
{
    /// <summary>Lower-case words of letters; what holds a digit (a verse reference) is left out.</summary>
    public static string[] Words(string passage)
    {
        var text = new StringBuilder();
        foreach (char c in passage.ToLowerInvariant())
        {
            if (c is not ('\'' or '’'))
                text.Append(char.IsLetterOrDigit(c) || c is ':' ? c : ' ');
        }
        return text.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Where(word => !word.Any(char.IsDigit)).Select(word => word.Trim(':')).Where(word => word.Length > 0).ToArray();
    }

    /// <summary>The similarity of two word sequences, given as word numbers.</summary>
    public static double Of(int[] a, int[] b)
    {
        var longest = new int[b.Length + 1];
        foreach (int word in a)
        {
            int diagonal = 0;
            for (int j = 0; j < b.Length; j++)
            {
                int above = longest[j + 1];
                longest[j + 1] = word == b[j] ? diagonal + 1 : Math.Max(above, longest[j]);
                diagonal = above;
            }
        }
        return 2.0 * longest[^1] / (a.Length + b.Length);
    }
}
