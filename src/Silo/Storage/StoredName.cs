using Distributed.Engine;

namespace Distributed.Silo.Storage;

/// <summary>
/// Names of stored files. They are names and nothing else: no separator, no leading dot, nothing that could lead out of
/// a folder.
/// </summary>
public static class StoredName
{
    /// <summary>Longest name.</summary>
    public const int MaxLength = 128;

    /// <summary>Whether a name may be used.</summary>
    public static bool IsValid(string name) => name is { Length: > 0 and <= MaxLength }
        && (char.IsAsciiLetterOrDigit(name[0]) || name[0] == '_')
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    /// <summary>The name, if it may be used.</summary>
    /// <exception cref="InputException">It may not.</exception>
    public static string Check(string name) => IsValid(name)
        ? name
        : throw new InputException(
            $"Name '{Shown(name)}' cannot be used; 1 to {MaxLength} letters, digits, dots, hyphens and underscores are expected, a letter, digit or underscore first.");

    /// <summary>A name in a message: not too long, and without what would confuse a terminal.</summary>
    internal static string Shown(string name) =>
        new([.. name.Take(MaxLength).Select(c => char.IsControl(c) ? '?' : c)]);
}
