namespace Distributed.Engine.Documents.Embedding;

/// <summary>
/// The label a passage may begin with: a verse reference, a section number, a list number. It says where a passage is and
/// not what it says, so it takes no part in the embedding: two equal verses stay equal behind different references.
/// </summary>
/// <remarks>
/// A label is a first token that begins with digits (<c>12.</c>, <c>[3]</c>, <c>4:7</c>, <c>2Ki18:13</c>) or is letters
/// followed by numbers with a colon or point between (<c>Ge1:1</c>), or up to three words, perhaps behind a number,
/// followed by two numbers (<c>1 Chronicles 16:8</c>, <c>Genesis 1 1</c>). A passage that is nothing else keeps it.
/// </remarks>
internal static class PassageLabel
{
    private const int MostWords = 3;

    /// <summary>Units of <paramref name="text"/> that are its label and the space behind; 0 if it has none.</summary>
    public static int Length(ReadOnlySpan<char> text)
    {
        int label = 0, position = 0;
        if (Next(text, ref position) is { IsEmpty: false } first && (StartsWithDigit(first) || IsNumbered(first)))
            label = position;
        label = SkipNamed(text, label);
        while (Next(text, ref position, label) is { IsEmpty: false } token && label > 0 && IsNumber(token))
            label = position;
        return HasLetter(text[label..]) ? label : 0;
    }

    private static int SkipNamed(ReadOnlySpan<char> text, int from)
    {
        int position = from;
        for (int words = 0; words <= MostWords; words++)
        {
            ReadOnlySpan<char> token = Next(text, ref position);
            if (words > 0 && IsNumber(token))
            {
                int second = position;
                bool two = token.ContainsAny(':', '.') && IsNumbered(token);
                return two ? position : IsNumber(Next(text, ref second)) ? second : from;
            }
            if (token.IsEmpty || token.ContainsAnyInRange('0', '9'))
                return from;
        }
        return from;
    }

    private static ReadOnlySpan<char> Next(ReadOnlySpan<char> text, ref int position, int from)
    {
        position = from;
        return Next(text, ref position);
    }

    private static ReadOnlySpan<char> Next(ReadOnlySpan<char> text, ref int position)
    {
        while (position < text.Length && char.IsWhiteSpace(text[position]))
            position++;
        int start = position;
        while (position < text.Length && !char.IsWhiteSpace(text[position]))
            position++;
        return text[start..position];
    }

    private static bool StartsWithDigit(ReadOnlySpan<char> token)
    {
        int i = 0;
        while (i < token.Length && !char.IsLetterOrDigit(token[i]))
            i++;
        return i < token.Length && char.IsAsciiDigit(token[i]);
    }

    private static bool IsNumber(ReadOnlySpan<char> token) => StartsWithDigit(token) && !HasLetter(token);

    // Digits, a colon or point, digits: somewhere in the token.
    private static bool IsNumbered(ReadOnlySpan<char> token)
    {
        for (int i = 1; i + 1 < token.Length; i++)
        {
            if (token[i] is ':' or '.' && char.IsAsciiDigit(token[i - 1]) && char.IsAsciiDigit(token[i + 1]))
                return true;
        }
        return false;
    }

    private static bool HasLetter(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (char.IsLetter(c))
                return true;
        }
        return false;
    }
}
