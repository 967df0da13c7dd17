using System.Text;
using Distributed.Engine.Files;

namespace Distributed.Engine.Documents;

/// <summary>
/// Cuts a text into passages. Lines end at LF, CRLF or CR. What is blank gives no passage, so a passage's
/// <see cref="Passage.Index"/> counts passages and its <see cref="Passage.Line"/> counts lines of the file.
/// </summary>
public static class Passages
{
    /// <summary>The passages of a UTF-8 file.</summary>
    /// <exception cref="InputException">The file cannot be used (<see cref="TextFile.Read"/>), or holds nothing but
    /// white space.</exception>
    public static IReadOnlyList<Passage> Read(string path, PassageUnit unit) => Cut(TextFile.Read(path), unit, path);

    /// <summary>The passages of a text, in order; at least one.</summary>
    /// <param name="text">The text.</param>
    /// <param name="unit">Where to cut it.</param>
    /// <param name="name">What to call it in an error.</param>
    /// <exception cref="InputException">It holds nothing but white space.</exception>
    public static IReadOnlyList<Passage> Cut(string text, PassageUnit unit, string name)
    {
        ArgumentNullException.ThrowIfNull(text);
        var passages = new List<Passage>();
        switch (unit.Kind)
        {
            case PassageKind.Line:
                foreach (Line line in Lines(text))
                    Add(passages, line.Number, text.AsSpan(line.Start, line.Length));
                break;
            case PassageKind.Words:
                CutWords(text, unit.Words, passages);
                break;
            default:
                CutParagraphs(text, unit.Kind == PassageKind.Sentence, passages);
                break;
        }
        return passages.Count > 0
            ? passages
            : throw new InputException($"The file {Quoted.Path(name)} holds nothing but white space: at least one {unit.Kind switch
            {
                PassageKind.Words => "word",
                _ => unit.ToString(),
            }} was expected.");
    }

    private static void CutParagraphs(string text, bool intoSentences, List<Passage> passages)
    {
        int start = -1, end = 0, number = 0;
        foreach (Line line in Lines(text))
        {
            if (!text.AsSpan(line.Start, line.Length).IsWhiteSpace())
            {
                if (start < 0)
                    (start, number) = (line.Start, line.Number);
                end = line.Start + line.Length;
            }
            else if (start >= 0)
            {
                Paragraph(start, end, number);
                start = -1;
            }
        }
        if (start >= 0)
            Paragraph(start, end, number);

        void Paragraph(int from, int to, int line)
        {
            while (from < to)
            {
                int length = intoSentences ? SentenceEnds.First(text.AsSpan(from, to - from)) : to - from;

                // White space before a sentence may hold line ends, and the sentence's line is its first word's.
                int leading = length - text.AsSpan(from, length).TrimStart().Length;
                line += LineEnds(text.AsSpan(from, leading));
                Add(passages, line, text.AsSpan(from, length));
                line += LineEnds(text.AsSpan(from + leading, length - leading));
                from += length;
            }
        }
    }

    private static void CutWords(string text, int words, List<Passage> passages)
    {
        var passage = new StringBuilder();
        int count = 0, first = 0;
        foreach (Line line in Lines(text))
        {
            ReadOnlySpan<char> rest = text.AsSpan(line.Start, line.Length).TrimStart();
            while (!rest.IsEmpty)
            {
                int length = 0;
                while (length < rest.Length && !char.IsWhiteSpace(rest[length]))
                    length++;
                if (count == 0)
                    first = line.Number;
                passage.Append(count == 0 ? "" : " ").Append(rest[..length]);
                if (++count == words)
                    Flush();
                rest = rest[length..].TrimStart();
            }
        }
        if (count > 0)
            Flush();

        void Flush()
        {
            passages.Add(new Passage(passages.Count, first, passage.ToString()));
            passage.Clear();
            count = 0;
        }
    }

    private static void Add(List<Passage> passages, int line, ReadOnlySpan<char> text)
    {
        text = text.Trim();
        if (!text.IsEmpty)
            passages.Add(new Passage(passages.Count, line, OneSpaced(text)));
    }

    private static string OneSpaced(ReadOnlySpan<char> trimmed)
    {
        var result = new StringBuilder(trimmed.Length);
        bool space = false;
        foreach (char c in trimmed)
        {
            if (char.IsWhiteSpace(c))
            {
                space = true;
                continue;
            }
            if (space)
                result.Append(' ');
            result.Append(c);
            space = false;
        }
        return result.ToString();
    }

    private static int LineEnds(ReadOnlySpan<char> text)
    {
        int ends = 0;
        for (int i = 0; i < text.Length; i++)
            ends += text[i] == '\n' || (text[i] == '\r' && (i + 1 == text.Length || text[i + 1] != '\n')) ? 1 : 0;
        return ends;
    }

    private static IEnumerable<Line> Lines(string text)
    {
        int number = 0;
        for (int start = 0; start < text.Length;)
        {
            int length = text.AsSpan(start).IndexOfAny('\n', '\r');
            if (length < 0)
                length = text.Length - start;
            yield return new Line(++number, start, length);
            int end = start + length;
            start = end + (end + 1 < text.Length && text[end] == '\r' && text[end + 1] == '\n' ? 2 : 1);
        }
    }

    private readonly record struct Line(int Number, int Start, int Length);
}
