using System.IO.MemoryMappedFiles;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Distributed.Engine.Files.Output;

/// <summary>A file of fixed size, mapped for writing under a temporary name until it is committed.</summary>
internal sealed unsafe class OutputFile : IDisposable
{
    private const long MuchBytes = 16 << 20;

    /// <summary>From here on a call to the system costs less than the page faults of a mapping: 0.3 against 1 ms for a MiB.</summary>
    private const int WrittenByCalls = 64 << 10;

    private readonly SafeFileHandle _file;
    private readonly MemoryMappedFile _map;
    private readonly SafeMemoryMappedViewHandle _view;
    private readonly byte* _start;
    private readonly long _length;
    private long _written;
    private bool _finished;

    private OutputFile(string path, string temporaryPath, SafeFileHandle file, long length)
    {
        Path = path;
        TemporaryPath = temporaryPath;
        _file = file;
        _length = length;
        _map = MemoryMappedFile.CreateFromFile(
            file, null, length, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
        // The accessor owns nothing but this handle. Disposing it would flush, which waits for the disk even when all is
        // about to be deleted, and which fails while other threads still write.
        _view = _map.CreateViewAccessor(0, length, MemoryMappedFileAccess.ReadWrite).SafeMemoryMappedViewHandle;
        _start = (byte*)_view.DangerousGetHandle();
    }

    /// <summary>The final name, as a full path with links followed.</summary>
    public string Path { get; }

    /// <summary>The name until then.</summary>
    public string TemporaryPath { get; }

    /// <summary>Creates the file under its temporary name, with its disk space taken.</summary>
    /// <exception cref="InputException">The path is no possible output.</exception>
    /// <exception cref="DiskFullException">The disk has no room; nothing is left behind.</exception>
    public static OutputFile Create(string path, long length, IEnumerable<string> inputs, Action<string>? note = null)
    {
        string target = OutputPath.Check(path, inputs);
        string temporary = $"{target}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}.partial";
        note?.Invoke(temporary);
        SafeFileHandle file;
        try
        {
            file = ReservedFile.Create(temporary, length);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException and not DiskFullException)
        {
            throw new InputException(
                $"The output {Quoted.Path(path)} cannot be created in its folder: {e.Message}", e);
        }
        try
        {
            return new OutputFile(target, temporary, file, length);
        }
        catch
        {
            file.Dispose();
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Copies bytes into the file.</summary>
    /// <exception cref="ObjectDisposedException">The file was committed or disposed.</exception>
    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= WrittenByCalls)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(offset);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, _length - bytes.Length);
            RandomAccess.Write(_file, bytes, offset);
            Interlocked.Add(ref _written, bytes.Length);
            return;
        }
        using Region region = Rent(offset, bytes.Length);
        bytes.CopyTo(region.Bytes);
    }

    /// <summary>Bytes of the file to write; they stay mapped until the region is disposed, come what may.</summary>
    /// <exception cref="ObjectDisposedException">The file was committed or disposed.</exception>
    public Region Rent(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, _length - length);
        Interlocked.Add(ref _written, length);
        return new Region(_view, _start + offset, length);
    }

    /// <summary>Forces to disk what has been written, if it has become much. It may be called while others write.</summary>
    public void WriteBack()
    {
        long written = Volatile.Read(ref _written);
        if (written < MuchBytes)
            return;
        RandomAccess.FlushToDisk(_file);
        Interlocked.Add(ref _written, -written);
    }

    /// <summary>Forces the content to disk and gives the file its final name.</summary>
    public void Commit()
    {
        ObjectDisposedException.ThrowIf(_finished, this);
        Unmap();
        RandomAccess.FlushToDisk(_file);
        _file.Dispose();
        File.Move(TemporaryPath, Path, overwrite: true);
        _finished = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_finished)
            return;
        _finished = true;
        Unmap();
        _file.Dispose();
        File.Delete(TemporaryPath);
    }

    private void Unmap()
    {
        _view.Dispose();
        _map.Dispose();
    }

    /// <summary>Bytes of the mapping, held in place.</summary>
    internal readonly ref struct Region : IDisposable
    {
        private readonly SafeMemoryMappedViewHandle _owner;

        internal Region(SafeMemoryMappedViewHandle owner, byte* start, int length)
        {
            bool held = false;
            owner.DangerousAddRef(ref held);
            _owner = owner;
            Bytes = new Span<byte>(start, length);
        }

        /// <summary>The bytes.</summary>
        public Span<byte> Bytes { get; }

        /// <inheritdoc/>
        public void Dispose() => _owner.DangerousRelease();
    }
}
