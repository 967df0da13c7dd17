using System.Text.Json;

namespace Distributed.Engine.FileJobs.Specification;

/// <summary>A value of a specification and its path in the document, which every error names.</summary>
/// <param name="Element">The value.</param>
/// <param name="Path">Where it stands, e.g. <c>$.window[0]</c>.</param>
internal readonly record struct SpecificationValue(JsonElement Element, string Path)
{
    /// <summary>A text.</summary>
    public string Text()
    {
        try
        {
            return Element.ValueKind == JsonValueKind.String ? Element.GetString()! : throw Not("a string");
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, escaped.
            throw Not("a string of whole characters");
        }
    }

    /// <summary>True or false.</summary>
    public bool Flag() => Element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Not("true or false"),
    };

    /// <summary>A whole number.</summary>
    public long Whole() => Element.ValueKind == JsonValueKind.Number && Element.TryGetInt64(out long number)
        ? number
        : throw Not("a whole number");

    /// <summary>A whole number of 32 bits.</summary>
    public int Int() => Element.ValueKind == JsonValueKind.Number && Element.TryGetInt32(out int number)
        ? number
        : throw Not("a whole number below 2^31");

    /// <summary>A number.</summary>
    public double Number() => Element.ValueKind == JsonValueKind.Number && Element.TryGetDouble(out double number) && double.IsFinite(number)
        ? number
        : throw Not("a number");

    /// <summary>The values of a list.</summary>
    public IReadOnlyList<SpecificationValue> List()
    {
        if (Element.ValueKind != JsonValueKind.Array)
            throw Not("a list");
        string path = Path;
        return [.. Element.EnumerateArray().Select((element, i) => new SpecificationValue(element, $"{path}[{i}]"))];
    }

    /// <summary>The values of a list of so many.</summary>
    public IReadOnlyList<SpecificationValue> List(int count) =>
        List() is { } list && list.Count == count ? list : throw Not($"a list of {count}");

    /// <summary>A list of whole numbers.</summary>
    public IReadOnlyList<long> Wholes() => [.. List().Select(value => value.Whole())];

    /// <summary>The members of an object; each is named once, and all of them are known.</summary>
    public IReadOnlyDictionary<string, SpecificationValue> Members(params IEnumerable<string> known)
    {
        if (Element.ValueKind != JsonValueKind.Object)
            throw Not("an object");
        string[] names = [.. known];
        var members = new Dictionary<string, SpecificationValue>(StringComparer.Ordinal);
        foreach (JsonProperty property in Element.EnumerateObject())
        {
            string path = $"{Path}.{NameOf(property)}";
            if (!names.Contains(property.Name))
                throw new InputException($"{path} is not known; {string.Join(", ", names)} are.");
            if (!members.TryAdd(property.Name, new SpecificationValue(property.Value, path)))
                throw new InputException($"{path} is given twice.");
        }
        return members;
    }

    /// <summary>Reads the text by one of the engine's own parsers.</summary>
    public T Parsed<T>(Func<string, T> parse)
    {
        try
        {
            return parse(Text());
        }
        catch (InputException error) when (!error.Message.StartsWith('$'))
        {
            throw new InputException($"{Path}: {error.Message}", error);
        }
    }

    /// <summary>The error that it is something else.</summary>
    public InputException Not(string expected)
    {
        string raw = Element.GetRawText();
        return new InputException($"{Path} is {(raw.Length <= 60 ? raw : raw[..57] + "...")}; {expected} is expected.");
    }

    private string NameOf(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException error)
        {
            throw new InputException($"{Path} has a member whose name holds half of a surrogate pair; whole characters are expected.", error);
        }
    }
}
