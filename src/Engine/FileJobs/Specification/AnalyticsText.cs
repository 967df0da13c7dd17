using System.Globalization;
using Distributed.Engine.Analytics;

namespace Distributed.Engine.FileJobs.Specification;

/// <summary>Analytics as one text, for the command: <c>rows,received,links:10</c>.</summary>
/// <param name="Rows">Whether statistics of rows are asked for.</param>
/// <param name="Options">What a second pass is to work out.</param>
public readonly record struct AnalyticsText(bool Rows, AnalyticsOptions Options)
{
    /// <summary>What <c>all</c> stands for.</summary>
    public const string All = "rows,received,links:10,strongest:100,pooled:1024,distances";

    /// <summary>Reads the text.</summary>
    /// <exception cref="InputException">A part of it is not known, or a number is missing.</exception>
    public static AnalyticsText Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        bool rows = false;
        var options = new AnalyticsOptions();
        foreach (string part in (text == "all" ? All : text).Split(','))
        {
            string[] sides = part.Split(':');
            (rows, options) = (sides[0], sides.Length) switch
            {
                ("rows", 1) => (true, options),
                ("received", 1) => (rows, options with { Received = true }),
                ("distances", 1) => (rows, options with { Distances = true }),
                ("links", 2) => (rows, options with { Links = Number(part, sides[1]) }),
                ("strongest", 2) => (rows, options with { Strongest = Number(part, sides[1]) }),
                ("pooled", 2) => (rows, options with { Pooled = Number(part, sides[1]) }),
                _ => throw new InputException(
                    $"Analytics '{part}' are not known; all, or some of rows, received, links:N, strongest:N, pooled:N and distances between commas are expected."),
            };
        }
        return new AnalyticsText(rows, options);
    }

    private static int Number(string part, string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw new InputException($"Analytics '{part}' have no whole number behind the colon.");
}
