namespace Distributed.Engine.Files.Output;

/// <summary>Tells whether an output can be made at a path, before any work is done for it.</summary>
internal static class OutputPath
{
    /// <summary>Follows links and checks what is there.</summary>
    /// <returns>The full path of the file to be made or replaced.</returns>
    /// <exception cref="InputException">The path is no possible output.</exception>
    public static string Check(string path, IEnumerable<string> inputs)
    {
        string output = Quoted.Path(path);
        string target = Target(path, output);
        string folder = Path.GetDirectoryName(target) ?? target;
        switch (FileStatus.Of(folder)?.Kind)
        {
            case null:
                throw new InputException($"The output {output} cannot be made: its folder {Quoted.Path(folder)} cannot be found.");
            case not FileKind.Directory:
                throw new InputException($"The output {output} cannot be made: {Quoted.Path(folder)} is a file, not a folder.");
        }
        switch (FileStatus.Of(target)?.Kind)
        {
            case null:
                return target;
            case FileKind.Directory:
                throw new InputException($"The output {output} is a folder, where the name of a file is expected.");
            case FileKind.Special:
                throw new InputException($"The output {output} is a device or a pipe, where a regular file is expected.");
        }
        if (inputs.FirstOrDefault(input => FileStatus.AreSame(target, input)) is { } same)
            throw new InputException($"The output {output} is the input {Quoted.Path(same)}, which it would replace.");
        if (new FileInfo(target).IsReadOnly)
            throw new InputException($"The output {output} exists and is write-protected.");
        return target;
    }

    // A link stays a link; what it points to is replaced.
    private static string Target(string path, string output)
    {
        try
        {
            string full = Path.GetFullPath(path);
            var file = new FileInfo(full);
            return file.LinkTarget is null ? full : file.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InputException($"The output {output} is no usable path: {e.Message}", e);
        }
    }
}
