using System.Text.Json.Nodes;

namespace Distributed.Engine.FileJobs.Specification;

/// <summary>One member of the document: how it is read, written and described. Reader, writer and schema follow from it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Schema">What the JSON schema says of it.</param>
/// <param name="Read">Takes the value over into a job.</param>
/// <param name="Write">The value that a job has; null = the default, which is left out.</param>
internal sealed record SpecificationMember(
    string Name, JsonObject Schema, Func<FileJobSpecification, SpecificationValue, FileJobSpecification> Read,
    Func<FileJobSpecification, JsonNode?> Write)
{
    /// <summary>A member that is an option of the attention.</summary>
    public static SpecificationMember Option(
        string name, JsonObject schema, Func<Jobs.AttentionOptions, SpecificationValue, Jobs.AttentionOptions> read,
        Func<Jobs.AttentionOptions, JsonNode?> write) => new(
            name, schema, (job, value) => job with { Options = read(job.Options, value) }, job => write(job.Options));
}
