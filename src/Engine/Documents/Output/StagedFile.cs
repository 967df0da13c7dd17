using System.Security.Cryptography;
using Distributed.Engine.Files;
using Distributed.Engine.Files.Output;

namespace Distributed.Engine.Documents.Output;

/// <summary>A file written under a temporary name beside its final one, which it takes only when it is whole.</summary>
internal sealed class StagedFile : IDisposable
{
    private const int BufferBytes = 1 << 17;

    private readonly string _temporary;
    private readonly FileStream _file;
    private bool _finished;

    private StagedFile(string path, string temporary, FileStream file)
    {
        Path = path;
        _temporary = temporary;
        _file = file;
        Stream = new BufferedStream(file, BufferBytes);
    }

    /// <summary>The final name.</summary>
    public string Path { get; }

    /// <summary>Where to write.</summary>
    public Stream Stream { get; }

    /// <summary>Creates the file under its temporary name.</summary>
    /// <exception cref="InputException">It cannot be made there, or would replace an input.</exception>
    public static StagedFile Create(string path, IEnumerable<string> inputs)
    {
        string target = OutputPath.Check(path, inputs);
        string temporary = $"{target}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}.partial";
        try
        {
            return new StagedFile(target, temporary, new FileStream(temporary, FileMode.CreateNew, FileAccess.Write));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InputException(
                $"The output {Quoted.Path(path)} cannot be created in its folder: {error.Message}", error);
        }
    }

    /// <summary>Forces the content to disk and gives the file its final name.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public void Commit()
    {
        Stream.Flush();
        _file.Flush(flushToDisk: true);
        _file.Dispose();
        File.Move(_temporary, Path, overwrite: true);
        _finished = true;
    }

    /// <summary>Takes the file away, unless it was committed.</summary>
    public void Dispose()
    {
        if (_finished)
            return;
        _finished = true;

        // Not the buffered stream, which would write what is left in it: the disk may be what failed.
        _file.Dispose();
        File.Delete(_temporary);
    }
}
