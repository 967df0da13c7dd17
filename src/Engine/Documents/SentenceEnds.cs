namespace Distributed.Engine.Documents;

/// <summary>
/// Where sentences end, by one rule without a dictionary. A sentence ends behind <c>.</c> <c>!</c> <c>?</c> <c>…</c> and
/// the closing quotes and brackets that follow, if white space comes next and then a capital letter, a letter of a script
/// without capitals, or an opening quote or bracket. Behind the full-width marks <c>。！？</c> it ends at once. "Mr. Smith"
/// is therefore cut in two, and "at 3 p.m. sharp" is not.
/// </summary>
public static class SentenceEnds
{
    private const string Marks = ".!?…";
    private const string WideMarks = "。！？";
    private const string Closing = "\"'”’»)]}」』）";
    private const string Opening = "\"'“‘«([{¿¡「『（";

    /// <summary>The index behind the first sentence of <paramref name="text"/>; its length if there is no other.</summary>
    public static int First(ReadOnlySpan<char> text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            bool wide = WideMarks.Contains(text[i]);
            if (!wide && !Marks.Contains(text[i]))
                continue;
            int end = i + 1;
            while (end < text.Length && (Marks.Contains(text[end]) || WideMarks.Contains(text[end])))
                end++;
            while (end < text.Length && Closing.Contains(text[end]))
                end++;
            if (wide || (end < text.Length && char.IsWhiteSpace(text[end]) && BeginsSentence(text[end..].TrimStart())))
                return end;
            i = end - 1;
        }
        return text.Length;
    }

    private static bool BeginsSentence(ReadOnlySpan<char> next)
    {
        if (next.IsEmpty)
            return true;
        bool letter = char.IsLetter(next[0]) || char.IsSurrogate(next[0]);
        return Opening.Contains(next[0]) || (letter && !char.IsLower(next[0]));
    }
}
