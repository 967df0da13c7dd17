using System.Globalization;
using System.Text;

namespace Distributed.Engine.Files.Npy;

/// <summary>
/// Reads the part of Python's literals that npy headers are written in: a dictionary with string keys is a list of
/// pairs (so that repeated keys are seen), a tuple an array, a list a list of values, a string a <see cref="string"/>,
/// True and False a <see cref="bool"/>, None null, a whole number an <see cref="Int128"/>. Spaces and trailing commas may
/// stand where Python lets them, and numbers may end in L, as Python 2 wrote them.
/// </summary>
internal sealed class PythonLiteral
{
    // Structured descriptors nest; nothing that is read here does so deeply.
    private const int MaxDepth = 16;
    private const int MaxDigits = 30;

    private readonly string _text;
    private int _at;
    private int _depth;

    private PythonLiteral(string text) => _text = text;

    /// <summary>Parses one literal; only white space may follow it.</summary>
    /// <exception cref="FormatException">It is no such literal; the message says where.</exception>
    public static object? Parse(string text)
    {
        var parser = new PythonLiteral(text);
        object? value = parser.Value();
        parser.SkipSpace();
        return parser._at == text.Length ? value : throw parser.Unexpected("the end");
    }

    private object? Value()
    {
        SkipSpace();
        if (_depth == MaxDepth)
            throw new FormatException($"it nests deeper than {MaxDepth} levels");
        _depth++;
        object? value = Peek() switch
        {
            '{' => Dictionary(),
            '(' => Tuple(),
            '[' => Sequence(']', out _),
            '\'' or '"' => String(),
            '-' or (>= '0' and <= '9') => Number(),
            _ => Word(),
        };
        _depth--;
        return value;
    }

    private List<KeyValuePair<string, object?>> Dictionary()
    {
        var pairs = new List<KeyValuePair<string, object?>>();
        _at++;
        while (!Accept('}'))
        {
            if (Value() is not string key)
                throw new FormatException($"the key before position {_at} is no string");
            if (!Accept(':'))
                throw Unexpected("':'");
            pairs.Add(new(key, Value()));
            if (!Accept(',') && Peek() != '}')
                throw Unexpected("',' or '}'");
        }
        return pairs;
    }

    private object? Tuple()
    {
        List<object?> items = Sequence(')', out bool comma);
        // (4) is the number 4; the tuple of one is (4,).
        return items.Count == 1 && !comma ? items[0] : items.ToArray();
    }

    private List<object?> Sequence(char close, out bool comma)
    {
        var items = new List<object?>();
        _at++;
        comma = false;
        while (!Accept(close))
        {
            items.Add(Value());
            comma = Accept(',');
            if (!comma && Peek() != close)
                throw Unexpected($"',' or '{close}'");
        }
        return items;
    }

    private string String()
    {
        char quote = _text[_at++];
        var value = new StringBuilder();
        while (Peek() != quote)
        {
            if (Peek() == '\\')
                _at++;
            if (Peek() is '\0' or '\n')
                throw Unexpected("a closing quote");
            value.Append(_text[_at++]);
        }
        _at++;
        return value.ToString();
    }

    private Int128 Number()
    {
        int start = _at;
        if (Peek() == '-')
            _at++;
        while (char.IsAsciiDigit(Peek()))
            _at++;
        ReadOnlySpan<char> digits = _text.AsSpan(start, _at - start);
        if (digits.Length > MaxDigits)
            throw new FormatException($"it holds a number of {digits.Length} digits");
        if (!Int128.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out Int128 value))
            throw Unexpected("a digit");
        if (Peek() is 'L' or 'l')
            _at++;
        if (Peek() == '.' || char.IsAsciiLetterOrDigit(Peek()))
            throw Unexpected("a whole number");
        return value;
    }

    private object? Word()
    {
        int start = _at;
        while (char.IsAsciiLetter(Peek()))
            _at++;
        switch (_text[start.._at])
        {
            case "True":
                return true;
            case "False":
                return false;
            case "None":
                return null;
            // Python 2 marked Unicode strings, Python 3 marks byte strings.
            case "u" or "b" when Peek() is '\'' or '"':
                return String();
            default:
                _at = start;
                throw Unexpected("a value");
        }
    }

    private bool Accept(char expected)
    {
        SkipSpace();
        if (Peek() != expected)
            return false;
        _at++;
        return true;
    }

    private void SkipSpace()
    {
        while (Peek() is ' ' or '\t' or '\n' or '\r' or '\f')
            _at++;
    }

    private char Peek() => _at < _text.Length ? _text[_at] : '\0';

    private FormatException Unexpected(string expected) => new(_at < _text.Length
        ? $"at position {_at}, {expected} is expected instead of {Quoted.Name(_text[_at].ToString())}"
        : $"it ends where {expected} is expected");
}
