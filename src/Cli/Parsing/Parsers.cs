using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;
using Distributed.Engine;

namespace Distributed.Cli.Parsing;

/// <summary>Options and arguments whose text is read by the engine's own parsers, so that both refuse the same things in the same words.</summary>
internal static class Parsers
{
    /// <summary>What a word says.</summary>
    internal sealed record Word(bool Means);

    /// <summary>An option with one value.</summary>
    /// <param name="name">Its name, with the dashes.</param>
    /// <param name="valueName">What the value is called in the help.</param>
    /// <param name="description">What it does.</param>
    /// <param name="parse">Reads the text; throws <see cref="InputException"/> on what it does not know.</param>
    public static Option<T> Of<T>(string name, string valueName, string description, Func<string, T> parse) => new(name)
    {
        Description = description,
        HelpName = valueName,
        Arity = ArgumentArity.ExactlyOne,
        CustomParser = result => Read(result, parse),
    };

    /// <summary>An argument that must be given.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">What it says.</param>
    /// <param name="parse">Reads the text; throws <see cref="InputException"/> on what it does not know.</param>
    public static Argument<T> Argument<T>(string name, string description, Func<string, T> parse) => new(name)
    {
        Description = description,
        CustomParser = result => Read(result, parse),
    };

    /// <summary>An option with one of two words. The parser takes a truth value for a flag, and would leave the word to the next argument.</summary>
    /// <param name="name">Its name, with the dashes.</param>
    /// <param name="valueName">What the value is called in the help.</param>
    /// <param name="description">What it does.</param>
    /// <param name="parse">Reads the text; throws <see cref="InputException"/> on what it does not know.</param>
    public static Option<Word?> OfWord(string name, string valueName, string description, Func<string, bool> parse) =>
        Of<Word?>(name, valueName, description, text => new Word(parse(text)));

    /// <summary>A whole number.</summary>
    public static Func<string, T?> Whole<T>(string what)
        where T : struct, IBinaryInteger<T> => text =>
        T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out T number)
            ? number
            : throw new InputException($"{what} '{text}' is not a whole number.");

    /// <summary>A number with a point.</summary>
    public static Func<string, double?> Number(string what) => text =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            ? number
            : throw new InputException($"{what} '{text}' is not a number.");

    private static T? Read<T>(ArgumentResult result, Func<string, T> parse)
    {
        try
        {
            return parse(result.Tokens[0].Value);
        }
        catch (InputException error)
        {
            result.AddError(error.Message);
            return default;
        }
    }
}
