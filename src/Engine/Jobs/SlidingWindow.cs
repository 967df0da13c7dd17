using System.Globalization;

namespace Distributed.Engine.Jobs;

/// <summary>A query sees the keys from its position − <c>Left</c> to its position + <c>Right</c>; −1 = all of that side.</summary>
/// <param name="Left">Keys left of the position.</param>
/// <param name="Right">Keys right of the position.</param>
public readonly record struct SlidingWindow(long Left, long Right)
{
    /// <summary>Reads <c>LEFT,RIGHT</c>.</summary>
    /// <exception cref="InputException">It is not two whole numbers of −1 or more.</exception>
    public static SlidingWindow Parse(string text)
    {
        string[] sides = text.Split(',');
        return sides.Length == 2 && Side(sides[0]) is { } left && Side(sides[1]) is { } right
            ? new SlidingWindow(left, right)
            : throw new InputException(
                $"Window '{text}' is not known; LEFT,RIGHT is expected, each a number of keys or -1 for no bound.");
    }

    private static long? Side(string text) =>
        long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long side)
        && side is >= -1 and <= CausalAlignment.MaxOffset
            ? side
            : null;
}
