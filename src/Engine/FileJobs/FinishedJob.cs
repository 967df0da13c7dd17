using Distributed.Engine.FileJobs.Specification;
using Distributed.Engine.Files;

namespace Distributed.Engine.FileJobs;

/// <summary>
/// What an output file with LSE says about the job that made it, so that its attention can be looked at later: the
/// specification, in the metadata. How the work was divided is left out of it, so that this changes no byte either. Inputs
/// in the output's folder are named from there: they can move together. A server's own folders are nobody's business.
/// </summary>
public static class FinishedJob
{
    /// <summary>The key in the metadata.</summary>
    public const string MetadataKey = "attention_job";

    /// <summary>
    /// What a server writes into a path behind its own folders: an input is told by what follows. A path leads to the same
    /// file with it and without (rsync --relative marks paths so, too).
    /// </summary>
    public const string Private = "/././";

    /// <summary>The metadata of a job's output; null where there is nothing to look at, or no place for it.</summary>
    public static IReadOnlyDictionary<string, string>? MetadataOf(FileJobSpecification job)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (!job.WritesLogSumExp || !job.Output.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
            return null;
        string folder = FolderOf(job.Output);
        FileJobSpecification kept = job with
        {
            Output = "",
            Inputs = job.Inputs.Select(path => Path.GetFullPath(path) is var full && full.StartsWith(folder + "/", StringComparison.Ordinal)
                ? full[(folder.Length + 1)..]
                : path.LastIndexOf(Private, StringComparison.Ordinal) is >= 0 and var at ? path[(at + Private.Length)..] : full),
            Options = job.Options with { Blocks = 1, Threads = null },
        };
        return new Dictionary<string, string> { [MetadataKey] = SpecificationDocument.Write(kept) };
    }

    /// <summary>The job that made an output file. Inputs that have moved are looked for beside it.</summary>
    /// <exception cref="InputException">The file does not say, or an input cannot be found.</exception>
    public static FileJobSpecification Of(TensorFile output)
    {
        ArgumentNullException.ThrowIfNull(output);
        if (!output.Metadata.TryGetValue(MetadataKey, out string? document) || output.Find("lse") is null)
        {
            throw new InputException(
                $"{Quoted.Path(output.Path)} is no output of attend run with --lse or --analytics, whose attention could be looked at.");
        }
        string folder = FolderOf(output.Path);
        FileJobSpecification job = SpecificationDocument.Read(document);
        return job with
        {
            Output = output.Path,
            Inputs = job.Inputs.Select(path => Path.GetFullPath(path, folder) is { } there && File.Exists(there) ? there
                : Path.Combine(folder, Path.GetFileName(path)) is { } beside && File.Exists(beside) ? beside
                : throw new InputException(
                    $"{Quoted.Path(output.Path)} was made from {Quoted.Path(path)}, which is neither there nor beside it.")),
        };
    }

    private static string FolderOf(string output) => Path.GetDirectoryName(Path.GetFullPath(output))!.TrimEnd('/');
}
