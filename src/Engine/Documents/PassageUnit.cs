using System.Globalization;
using Distributed.Engine.Files;

namespace Distributed.Engine.Documents;

/// <summary>Where a text is cut into passages.</summary>
public enum PassageKind
{
    /// <summary>At every line end.</summary>
    Line,

    /// <summary>At every sentence end; see <see cref="SentenceEnds"/>.</summary>
    Sentence,

    /// <summary>At every blank line.</summary>
    Paragraph,

    /// <summary>After a fixed number of words.</summary>
    Words,
}

/// <summary>The value of <c>--unit</c>: <c>line</c>, <c>sentence</c>, <c>paragraph</c> or <c>words:N</c>.</summary>
/// <param name="Kind">Where to cut.</param>
/// <param name="Words">Words in a passage, for <see cref="PassageKind.Words"/>; else 0.</param>
public readonly record struct PassageUnit(PassageKind Kind, int Words = 0)
{
    /// <summary>Most words that a passage may be asked to have.</summary>
    public const int MostWords = 1_000_000;

    private const string WordsPrefix = "words:";

    /// <summary>One passage per line.</summary>
    public static PassageUnit Line => new(PassageKind.Line);

    /// <summary>Reads the option's value; letter case does not matter.</summary>
    /// <exception cref="InputException">It is none of the four.</exception>
    public static PassageUnit Parse(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        switch (value.ToLowerInvariant())
        {
            case "line":
                return Line;
            case "sentence":
                return new PassageUnit(PassageKind.Sentence);
            case "paragraph":
                return new PassageUnit(PassageKind.Paragraph);
            default:
                break;
        }
        if (value.StartsWith(WordsPrefix, StringComparison.OrdinalIgnoreCase))
        {
            ReadOnlySpan<char> count = value.AsSpan(WordsPrefix.Length);
            if (int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out int words)
                && words is >= 1 and <= MostWords)
            {
                return new PassageUnit(PassageKind.Words, words);
            }
            throw new InputException(
                $"The unit {Quoted.Name(value)} asks for {Quoted.Name(count.ToString())} words in a passage: a whole number from 1 to {MostWords} was expected.");
        }
        throw new InputException(
            $"The unit {Quoted.Name(value)} is not known: line, sentence, paragraph or words:N (such as words:50) was expected.");
    }

    /// <summary>The option's value that gives this unit.</summary>
    public override string ToString() => Kind switch
    {
        PassageKind.Line => "line",
        PassageKind.Sentence => "sentence",
        PassageKind.Paragraph => "paragraph",
        _ => $"{WordsPrefix}{Words}",
    };
}
