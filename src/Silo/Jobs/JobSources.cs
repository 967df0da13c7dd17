using System.Text.Json;
using Distributed.Engine;
using Distributed.Engine.Checkpoints;
using Distributed.Engine.Documents.Specification;
using Distributed.Engine.FileJobs;
using Distributed.Engine.FileJobs.Specification;
using Distributed.Silo.Storage;

namespace Distributed.Silo.Jobs;

/// <summary>
/// Replaces the references of a specification by paths. A stored file gets a second name in the job's folder, so that the
/// job keeps it whatever becomes of the first.
/// </summary>
/// <param name="data">The data folder.</param>
/// <param name="tensors">Stored tensors.</param>
/// <param name="documents">Stored documents.</param>
/// <param name="roots">Folders of files that may be used where they lie.</param>
public sealed class JobSources(DataFolder data, FileStore tensors, FileStore documents, FileRoots roots)
{
    /// <summary>Name of a job's output where its specification gives none.</summary>
    public const string StandardOutput = "output.safetensors";

    /// <summary>Reads a specification and makes the job's folders.</summary>
    /// <returns>What it works on, and the specification with paths.</returns>
    /// <exception cref="InputException">It breaks a rule, or a reference leads nowhere.</exception>
    public (JobKind Kind, string Resolved) Resolve(Guid job, string specification)
    {
        using JsonDocument document = Parse(specification);
        // Beside the results, for as long as those are kept: who looks at a result later may want what it was made of.
        string inputs = Path.Combine(data.ResultsOf(job), DataFolder.Inputs);
        Directory.CreateDirectory(inputs);
        if (IsOverText(document.RootElement))
        {
            DocumentSpecification text = DocumentSpecification.Read(document.RootElement);
            string path = Input(text.Document, documents, inputs);
            Flush(inputs);
            return (JobKind.Document, (text with { Document = path }).Write());
        }
        FileJobSpecification read = SpecificationDocument.Read(specification, StandardOutput);
        read.RefuseThreads();
        FileJobSpecification resolved = read with
        {
            Inputs = read.Inputs.Select(input => Input(input, tensors, inputs)),
            Output = Output(read.Output, data.ResultsOf(job)),
        };
        Flush(inputs);
        return (JobKind.Tensors, SpecificationDocument.Write(resolved));
    }

    /// <summary>Checks again that files outside are still under the folders: links may have changed since.</summary>
    /// <exception cref="InputException">One is not.</exception>
    public void CheckAgain(JobRecord job)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (job.Kind == JobKind.Tensors)
        {
            FileJobSpecification resolved = SpecificationDocument.Read(job.Resolved);
            foreach (string input in resolved.Inputs.All)
                CheckAgain(input, mayBeNew: false);
            CheckAgain(resolved.Output, mayBeNew: true);
            return;
        }
        using JsonDocument document = JsonDocument.Parse(job.Resolved);
        CheckAgain(DocumentSpecification.Read(document.RootElement).Document, mayBeNew: false);
    }

    /// <summary>A message about a job in the caller's words: references for the paths of stored files, names for those of results.</summary>
    public string Told(Guid job, string message)
    {
        ArgumentNullException.ThrowIfNull(message);
        string results = data.ResultsOf(job) + "/";
        foreach (string one in new[] { tensors.Kind.One, documents.Kind.One })
        {
            string folder = $"{results}{DataFolder.Inputs}/{one}";
            message = message.Replace(folder + FinishedJob.Private, one + ":", StringComparison.Ordinal)
                .Replace(folder + "/", one + ":", StringComparison.Ordinal);
        }
        return message.Replace(results, "", StringComparison.Ordinal);
    }

    private void CheckAgain(string path, bool mayBeNew)
    {
        if (!path.StartsWith(data.Root + "/", StringComparison.Ordinal))
            roots.Resolve(path, mayBeNew);
    }

    private string Input(string reference, FileStore store, string inputs)
    {
        string scheme = store.Kind.One + ":";
        if (FileRoots.IsFile(reference))
            return roots.Resolve(reference, mayBeNew: false);
        if (!reference.StartsWith(scheme, StringComparison.Ordinal))
            throw new InputException($"'{reference}' is no reference; {scheme}NAME of a stored {store.Kind.One}, or file:/PATH on the server, is expected.");
        StoredFile file = store.Find(reference[scheme.Length..]) ?? throw Gone(reference, store);
        // Under the name that its owner knows: it is told in errors, and in the metadata of the output.
        string path = Path.Combine(inputs, store.Kind.One) + FinishedJob.Private + file.Name;
        // Named twice, it is one file: the one that had the name first.
        if (File.Exists(path))
            return path;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            store.Link(file, path);
            return path;
        }
        catch (FileNotFoundException error)
        {
            throw Gone(reference, store, error);
        }
    }

    private void Flush(string inputs)
    {
        foreach (string folder in Directory.EnumerateDirectories(inputs))
            DurableFile.FlushFolder(folder);
        DurableFile.FlushFolder(inputs);
        DurableFile.FlushFolder(Path.GetDirectoryName(inputs)!);
        DurableFile.FlushFolder(data.Results);
    }

    private string Output(string reference, string results)
    {
        if (FileRoots.IsFile(reference))
            return roots.Resolve(reference, mayBeNew: true);
        return StoredName.IsValid(reference)
            ? Path.Combine(results, reference)
            : throw new InputException($"The output '{reference}' is no reference; the NAME of a file that is fetched from the server, or file:/PATH on it, is expected.");
    }

    private static InputException Gone(string reference, FileStore store, Exception? cause = null)
    {
        string message = $"There is no stored {store.Kind.One} '{reference}'; it is put there by PUT /v1/{store.Kind.Folder}/NAME.";
        return cause is null ? new InputException(message) : new InputException(message, cause);
    }

    private static bool IsOverText(JsonElement specification)
    {
        try
        {
            return specification.ValueKind == JsonValueKind.Object && specification.TryGetProperty(DocumentSpecification.Mark, out _);
        }
        catch (InvalidOperationException)
        {
            // A name that is no text; whoever reads the members says so.
            return false;
        }
    }

    private static JsonDocument Parse(string specification)
    {
        try
        {
            return JsonDocument.Parse(specification);
        }
        catch (JsonException error)
        {
            throw new InputException($"The specification is not JSON: {error.Message}", error);
        }
    }
}
