using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Distributed.Engine.Checkpoints;

/// <summary>
/// Files that are there whole or not at all, also after a loss of power: written aside, forced to disk, renamed, and the
/// folder forced to disk too.
/// </summary>
public static partial class DurableFile
{
    // Small enough not to be a large object: a record is written for each block, and large objects are collected with all else.
    private const int BufferBytes = 1 << 16;

    /// <summary>Writes a file, replacing what had its name.</summary>
    /// <param name="path">Its name.</param>
    /// <param name="write">Writes the content.</param>
    /// <exception cref="IOException">The disk failed; what had the name is still there.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        string temporary = $"{path}.{Guid.NewGuid():n}.partial";
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
        FlushFolder(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Forces a folder's names to disk: a new, renamed or deleted file is only then so for good.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    /// <remarks>.NET opens no folders.</remarks>
    public static void FlushFolder(string folder)
    {
        using SafeFileHandle handle = Open(folder, 0);
        if (handle.IsInvalid || Fsync(handle) != 0)
            throw new IOException($"The folder '{folder}' could not be forced to disk: error {Marshal.GetLastPInvokeError()}.");
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(SafeFileHandle file);
}
