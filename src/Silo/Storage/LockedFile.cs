using Microsoft.Win32.SafeHandles;

namespace Distributed.Silo.Storage;

/// <summary>Files that one process, or one part of it, has to itself while they are open.</summary>
internal static class LockedFile
{
    private const int BusyOnLinux = 11, BusyOnMac = 35; // EWOULDBLOCK

    /// <summary>Opens a file, makes it if there is none, and locks it.</summary>
    /// <param name="path">Which.</param>
    /// <param name="mode">Whether it is made.</param>
    /// <returns>The file; null while another has it.</returns>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static SafeFileHandle? TryOpen(string path, FileMode mode = FileMode.OpenOrCreate)
    {
        try
        {
            return File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException busy) when (busy.HResult is BusyOnLinux or BusyOnMac)
        {
            return null;
        }
    }
}
