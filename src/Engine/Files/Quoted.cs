using System.Globalization;
using System.Text;

namespace Distributed.Engine.Files;

/// <summary>
/// Names from files as messages show them: in single quotes, with what could disturb a terminal or hide in a line
/// (control, format and unpaired surrogate characters) escaped, and cut when long.
/// </summary>
internal static class Quoted
{
    private const int NameLimit = 80;
    private const int PathLimit = 4096;

    /// <summary>A tensor's, key's or type's name; more than 80 characters are cut.</summary>
    public static string Name(string name) => Escape(name, NameLimit);

    /// <summary>A file's path.</summary>
    public static string Path(string path) => Escape(path, PathLimit);

    /// <summary>Several names, at most eight, with the number of those left out.</summary>
    public static string Names(IEnumerable<string> names)
    {
        const int Shown = 8;
        string[] all = names.ToArray();
        string list = string.Join(", ", all.Take(Shown).Select(Name));
        return all.Length <= Shown ? list : $"{list} and {all.Length - Shown} more";
    }

    private static string Escape(string text, int limit)
    {
        var quoted = new StringBuilder("'");
        int shown = 0;
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (shown++ == limit)
            {
                quoted.Append('…');
                break;
            }
            if (rune.Value is '\'' or '\\')
                quoted.Append('\\').Append((char)rune.Value);
            else if (IsPlain(rune))
                quoted.Append(rune);
            else
                quoted.Append($"\\u{rune.Value:x4}");
        }
        return quoted.Append('\'').ToString();
    }

    private static bool IsPlain(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse)
        && rune != Rune.ReplacementChar;
}
