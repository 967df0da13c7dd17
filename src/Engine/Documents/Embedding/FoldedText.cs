namespace Distributed.Engine.Documents.Embedding;

/// <summary>
/// A passage as its features see it: its words, folded (<see cref="FoldedLetters"/>), with one space before, between and
/// behind them. A word is a run of letters and digits; an apostrophe between letters does not end it and is dropped. In
/// scripts that put no space between words every character is a word. One object serves one passage after another.
/// </summary>
internal sealed class FoldedText
{
    private readonly List<(int Start, int Length)> _words = [];
    private char[] _text = new char[256];
    private int _length;

    /// <summary>The words with the spaces around them; empty if there are none.</summary>
    public ReadOnlySpan<char> Text => _text.AsSpan(0, _length);

    /// <summary>Words.</summary>
    public int Words => _words.Count;

    /// <summary>One word.</summary>
    public ReadOnlySpan<char> Word(int index) => _text.AsSpan(_words[index].Start, _words[index].Length);

    /// <summary>
    /// Takes a passage, without its <see cref="PassageLabel"/>. A passage without letters and digits (a row of asterisks)
    /// becomes one word, itself.
    /// </summary>
    public void Set(ReadOnlySpan<char> passage)
    {
        passage = passage[PassageLabel.Length(passage)..];
        _words.Clear();
        _length = 0;
        if (_text.Length < 2 * passage.Length + 2)
            _text = new char[2 * Math.Max(passage.Length + 1, _text.Length)];
        int start = -1;
        for (int i = 0; i < passage.Length; i++)
        {
            char c = FoldedLetters.Fold(passage[i]);
            if (c == FoldedLetters.None || (start >= 0 && IsApostrophe(c) && IsLetterAt(passage, i + 1)))
                continue;
            if (!char.IsLetterOrDigit(c) && !char.IsSurrogate(c))
            {
                End(ref start);
                continue;
            }
            bool single = StandsAlone(c);
            if (single)
                End(ref start);
            if (start < 0)
            {
                _text[_length++] = ' ';
                start = _length;
            }
            _text[_length++] = c;
            if (single)
                End(ref start);
        }
        End(ref start);
        if (_words.Count == 0)
        {
            _text[_length++] = ' ';
            passage.CopyTo(_text.AsSpan(1));
            _length += passage.Length;
            _words.Add((1, passage.Length));
        }
        _text[_length++] = ' ';
    }

    private void End(ref int start)
    {
        if (start >= 0)
            _words.Add((start, _length - start));
        start = -1;
    }

    private static bool IsApostrophe(char c) => c is '\'' or '’';

    private static bool IsLetterAt(ReadOnlySpan<char> text, int index) => index < text.Length && char.IsLetter(text[index]);

    // Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar.
    private static bool StandsAlone(char c) =>
        c is (>= '\u2E80' and <= '\u30FF') or (>= '\u3400' and <= '\u9FFF') or (>= '\uF900' and <= '\uFAFF')
            or (>= '\u0E00' and <= '\u0EFF') or (>= '\u1780' and <= '\u17FF') or (>= '\u1000' and <= '\u109F');
}
