using System.Text.Json;
using System.Text.Json.Nodes;
using Distributed.Engine.Documents.Embedding;
using Distributed.Engine.FileJobs.Specification;

namespace Distributed.Engine.Documents.Specification;

/// <summary>A job over a text as one JSON document, which a server takes beside those over tensors.</summary>
/// <param name="Document">The text: a path, or what whoever reads the document takes for one.</param>
/// <param name="Options">What to do with it.</param>
public sealed record DocumentSpecification(string Document, DocumentOptions Options)
{
    /// <summary>The member that tells it from a job over tensors.</summary>
    public const string Mark = "document";

    private static readonly string[] Known = ["version", Mark, "unit", "exclude", "heads", "head_size", "temperature", "links"];

    /// <summary>Reads a document.</summary>
    /// <exception cref="InputException">It breaks a rule; the message names the path in the document.</exception>
    public static DocumentSpecification Read(JsonElement json)
    {
        IReadOnlyDictionary<string, SpecificationValue> members = new SpecificationValue(json, "$").Members(Known);
        if (!members.TryGetValue("version", out SpecificationValue version))
            throw new InputException($"$.version is missing; {SpecificationDocument.Version} is expected.");
        if (version.Whole() != SpecificationDocument.Version)
            throw version.Not(SpecificationDocument.Version.ToString());
        if (!members.TryGetValue(Mark, out SpecificationValue document))
            throw new InputException($"$.{Mark} is missing.");
        var defaults = new DocumentOptions();
        T Get<T>(string name, Func<SpecificationValue, T> read, T otherwise) =>
            members.TryGetValue(name, out SpecificationValue value) ? read(value) : otherwise;
        var options = new DocumentOptions
        {
            Unit = Get("unit", value => value.Parsed(PassageUnit.Parse), defaults.Unit),
            Exclude = Get("exclude", value => value.Whole(), defaults.Exclude),
            Embedding = new EmbeddingOptions
            {
                Heads = Get("heads", value => value.Int(), defaults.Embedding.Heads),
                HeadDim = Get("head_size", value => value.Int(), defaults.Embedding.HeadDim),
            },
            Temperature = Get("temperature", value => value.Number(), defaults.Temperature),
            Links = Get("links", value => value.Int(), defaults.Links),
        };
        options.Validate();
        return new DocumentSpecification(document.Text(), options);
    }

    /// <summary>Writes it as a document, with every option.</summary>
    public string Write() => new JsonObject
    {
        ["version"] = SpecificationDocument.Version,
        [Mark] = Document,
        ["unit"] = Options.Unit.ToString(),
        ["exclude"] = Options.Exclude,
        ["heads"] = Options.Embedding.Heads,
        ["head_size"] = Options.Embedding.HeadDim,
        ["temperature"] = Options.Temperature,
        ["links"] = Options.Links,
    }.ToJsonString();
}
