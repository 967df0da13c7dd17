using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Distributed.Kernels.Spans;

namespace Distributed.Engine.FileJobs.Specification;

/// <summary>
/// A job over tensor files as one JSON document, which the command, the engine and the API share. Its members, unknown
/// ones excepted, are those of <see cref="SpecificationMembers"/>; docs/job.schema.json is generated from them.
/// </summary>
public static class SpecificationDocument
{
    /// <summary>The version that is read and written.</summary>
    public const int Version = 1;

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Reads a document.</summary>
    /// <param name="json">The document.</param>
    /// <param name="output">The output of a document that names none; null = every document must.</param>
    /// <exception cref="InputException">It breaks a rule; the message names the path in the document.</exception>
    public static FileJobSpecification Read(string json, string? output = null)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json);
        }
        catch (JsonException error)
        {
            throw new InputException($"The specification is not JSON: {error.Message}", error);
        }
        using (document)
        {
            IReadOnlyDictionary<string, SpecificationValue> members = new SpecificationValue(document.RootElement, "$")
                .Members(["version", .. SpecificationMembers.All.Select(member => member.Name)]);
            if (!members.TryGetValue("version", out SpecificationValue version))
                throw new InputException($"$.version is missing; {Version} is expected.");
            if (version.Whole() != Version)
                throw version.Not(Version.ToString());
            foreach (string required in SpecificationMembers.Required)
            {
                if (!members.ContainsKey(required) && !(required == "output" && output is not null))
                    throw new InputException($"$.{required} is missing.");
            }
            var job = new FileJobSpecification { Inputs = TensorPaths.InOneFile(""), Output = output ?? "" };
            foreach (SpecificationMember member in SpecificationMembers.All)
            {
                if (members.TryGetValue(member.Name, out SpecificationValue value))
                    job = member.Read(job, value);
            }
            return job;
        }
    }

    /// <summary>Reads a document from a file.</summary>
    /// <exception cref="InputException">The file cannot be read or breaks a rule.</exception>
    public static FileJobSpecification ReadFile(string path)
    {
        try
        {
            return Read(File.ReadAllText(path));
        }
        catch (InputException error)
        {
            throw new InputException($"'{path}': {error.Message}", error);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"The specification '{path}' cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Writes a job as a document; what has its default is left out.</summary>
    /// <exception cref="InputException">It has an option that documents do not.</exception>
    public static string Write(FileJobSpecification job)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (job.Options.SpanRows != SpanGrid.MaxSpanRows)
            throw new InputException($"Span rows {job.Options.SpanRows} cannot be written into a specification: they are {SpanGrid.MaxSpanRows} in every one.");
        var document = new JsonObject { ["version"] = Version };
        foreach (SpecificationMember member in SpecificationMembers.All)
        {
            if (member.Write(job) is { } value)
                document[member.Name] = value;
        }
        return document.ToJsonString(Indented);
    }

    /// <summary>The JSON schema of the document.</summary>
    public static string Schema()
    {
        var properties = new JsonObject { ["version"] = new JsonObject { ["const"] = Version } };
        foreach (SpecificationMember member in SpecificationMembers.All)
            properties[member.Name] = member.Schema.DeepClone();
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "A job of attend run",
            ["type"] = "object",
            ["properties"] = properties,
            ["required"] = new JsonArray(["version", .. SpecificationMembers.Required]),
            ["additionalProperties"] = false,
        };
        return schema.ToJsonString(Indented);
    }
}
