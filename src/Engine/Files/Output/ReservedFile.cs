using Microsoft.Win32.SafeHandles;

namespace Distributed.Engine.Files.Output;

/// <summary>
/// New files whose disk space is taken at once. Writing through a mapping into space the disk does not have ends the
/// process by a signal, so the space must be there before.
/// </summary>
internal static class ReservedFile
{
    private const int ZerosLength = 1 << 20;

    /// <summary>Creates a file of <paramref name="length"/> zero bytes that nothing else may open.</summary>
    /// <exception cref="DiskFullException">The disk has no room for it; nothing is left behind.</exception>
    /// <exception cref="IOException">It cannot be made; nothing is left behind.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder may not be written.</exception>
    public static SafeFileHandle Create(string path, long length)
    {
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(
                path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, FileOptions.None, length);
            // Preallocation does not change the length, and is silently left out where the file system has none.
            RandomAccess.SetLength(file, length);
            if (FileStatus.Of(path) is not { } status || status.ReservedBytes < length)
                WriteZeros(file, length);
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Without a handle the runtime could not make the file, or took it away again when the space was short.
            if (file is not null)
            {
                file.Dispose();
                File.Delete(path);
            }
            if (IsNoSpace(e))
            {
                throw new DiskFullException(
                    $"The disk of {Quoted.Path(Path.GetDirectoryName(path)!)} has no room for a file of {length} bytes.",
                    e);
            }
            throw;
        }
    }

    private static bool IsNoSpace(Exception e)
    {
        const int PreallocationFailed = unchecked((int)0x80131620); // COR_E_IO; other errors carry their errno
        return DiskFullException.Is(e) || (e.GetType() == typeof(IOException) && e.HResult == PreallocationFailed);
    }

    private static void WriteZeros(SafeFileHandle file, long length)
    {
        var zeros = new byte[(int)Math.Min(ZerosLength, length)];
        for (long at = 0; at < length; at += zeros.Length)
            RandomAccess.Write(file, zeros.AsSpan(0, (int)Math.Min(zeros.Length, length - at)), at);
    }
}
