using System.Globalization;
using Distributed.Engine;

namespace Distributed.Cli.Parsing;

/// <summary>Lists as one text, their items between commas.</summary>
internal static class Lists
{
    /// <summary><c>N,N,…</c></summary>
    /// <exception cref="InputException">An item is no whole number.</exception>
    public static IReadOnlyList<long> Wholes(string text, string what) =>
        [.. text.Split(',').Select(item => Whole(item) ?? throw new InputException($"{what} '{text}' are not whole numbers between commas: '{item}' is none."))];

    /// <summary><c>N,N</c></summary>
    /// <exception cref="InputException">It is not two whole numbers.</exception>
    public static (int, int) Pair(string text, string what)
    {
        string[] items = text.Split(',');
        return items.Length == 2 && Whole(items[0]) is >= 0 and <= int.MaxValue and { } first
            && Whole(items[1]) is >= 0 and <= int.MaxValue and { } second
                ? ((int)first, (int)second)
                : throw new InputException($"{what} '{text}' is not known; two whole numbers with a comma between them are expected.");
    }

    /// <summary><c>FIRST:END</c></summary>
    /// <exception cref="InputException">It is not two whole numbers.</exception>
    public static (long, long) Range(string text, string what)
    {
        string[] sides = text.Split(':');
        return sides.Length == 2 && Whole(sides[0]) is { } first && Whole(sides[1]) is { } end
            ? (first, end)
            : throw new InputException($"{what} '{text}' are not known; FIRST:END is expected.");
    }

    /// <summary><c>R:C,R:C,…</c></summary>
    /// <exception cref="InputException">An item is no such pair.</exception>
    public static IReadOnlyList<(long, long)> Pairs(string text) => [.. text.Split(',').Select(item =>
    {
        string[] sides = item.Split(':');
        return sides.Length == 2 && Whole(sides[0]) is { } row && Whole(sides[1]) is { } column
            ? (row, column)
            : throw new InputException($"Block pair '{item}' is not known; QUERY_BLOCK:KEY_BLOCK is expected.");
    })];

    private static long? Whole(string text) =>
        long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : null;
}
