using System.Globalization;

namespace Distributed.Cli.Parsing;

/// <summary>
/// Options whose value may be left out. The parser would take whatever comes next for the value, so that
/// <c>--causal in.safetensors</c> lost its input; here only what looks like a value is taken for one.
/// </summary>
internal static class OptionalValues
{
    /// <summary>Writes out the value where <c>--causal</c> stands without one.</summary>
    public static string[] Expand(IReadOnlyList<string> arguments)
    {
        var expanded = new List<string>(arguments.Count);
        for (int i = 0; i < arguments.Count; i++)
        {
            bool bare = arguments[i] == "--causal" && (i + 1 == arguments.Count || !IsAlignment(arguments[i + 1]));
            expanded.Add(bare ? "--causal=top-left" : arguments[i]);
            if (arguments[i] == "--")
            {
                expanded.AddRange(arguments.Skip(i + 1));
                break;
            }
        }
        return [.. expanded];
    }

    // Anything that neither names a file nor an option was meant as an alignment, and is then refused as one.
    private static bool IsAlignment(string text) =>
        text is "top-left" or "bottom-right"
        || decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _)
        || !(text.StartsWith('-') || text.Contains('.', StringComparison.Ordinal) || text.Contains('/', StringComparison.Ordinal) || File.Exists(text));
}
