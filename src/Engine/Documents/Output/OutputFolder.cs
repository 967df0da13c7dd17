using Distributed.Engine.Files;

namespace Distributed.Engine.Documents.Output;

/// <summary>The folder of a job's files: made if it is missing, and taken away again if nothing came of the job.</summary>
internal sealed class OutputFolder
{
    private readonly Stack<string> _made = [];

    /// <summary>Makes the folder, and those it lies in.</summary>
    /// <exception cref="InputException">It cannot be made.</exception>
    public OutputFolder(string path)
    {
        try
        {
            Path = System.IO.Path.GetFullPath(path);
            var missing = new Stack<string>();
            for (string? at = Path; at is not null && !Directory.Exists(at); at = System.IO.Path.GetDirectoryName(at))
                missing.Push(at);
            foreach (string folder in missing)
            {
                Directory.CreateDirectory(folder);
                _made.Push(folder);
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            Remove();
            throw new InputException($"The output folder {Quoted.Path(path)} cannot be made: {error.Message}", error);
        }
    }

    /// <summary>Its full path.</summary>
    public string Path { get; } = "";

    /// <summary>Takes away the folders that were made, as far as they are empty.</summary>
    public void Remove()
    {
        while (_made.TryPop(out string? folder) && !Directory.EnumerateFileSystemEntries(folder).Any())
            Directory.Delete(folder);
    }
}
