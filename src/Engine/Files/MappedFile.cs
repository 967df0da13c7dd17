using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Distributed.Engine.Files;

/// <summary>
/// A whole file mapped for reading. Its pages belong to the system's file cache, not to this process, and are read as
/// they are touched. Should another program shorten the file meanwhile, touching what is gone ends the process.
/// </summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly MemoryMappedFile? _map;
    private readonly MemoryMappedViewAccessor? _view;
    private byte* _start;
    private bool _disposed;

    private MappedFile(string path, SafeFileHandle handle)
    {
        Path = path;
        Length = RandomAccess.GetLength(handle);
        // The system maps no file of no bytes.
        if (Length == 0)
            return;
        _map = MemoryMappedFile.CreateFromFile(
            handle, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
        _view = _map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
    }

    /// <summary>The path it was opened by.</summary>
    public string Path { get; }

    /// <summary>Length in bytes.</summary>
    public long Length { get; }

    /// <summary>First byte; a page boundary.</summary>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public byte* Start
    {
        get
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _start;
        }
    }

    /// <summary>Maps the file at <paramref name="path"/>.</summary>
    /// <exception cref="InputException">There is no such file, it is no regular file, or it may not be read.</exception>
    public static MappedFile Open(string path)
    {
        string file = Quoted.Path(path);
        switch (FileStatus.Of(path)?.Kind)
        {
            case FileKind.Directory:
                throw new InputException($"{file} is a folder, not a tensor file.");
            case FileKind.Special:
                throw new InputException($"{file} is a device or a pipe: a tensor file must be a regular file.");
        }
        try
        {
            using SafeFileHandle handle = File.OpenHandle(path);
            return new MappedFile(path, handle);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InputException($"{file} does not exist.", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new InputException($"{file} may not be read by this user.", e);
        }
        catch (Exception e) when (e is IOException or ArgumentException or NotSupportedException)
        {
            throw new InputException($"{file} cannot be opened: {e.Message}", e);
        }
    }

    /// <summary>Maps what an open file holds now; the caller closes the handle, the mapping stays.</summary>
    public static MappedFile Of(string path, SafeFileHandle handle) => new(path, handle);

    /// <summary>Bytes of the file, where they lie.</summary>
    public ReadOnlySpan<byte> Bytes(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return new ReadOnlySpan<byte>(Start + offset, length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        if (_view is null)
            return;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _start = null;
        _view.Dispose();
        _map!.Dispose();
    }
}
