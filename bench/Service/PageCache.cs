using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Distributed.Service.Benchmarks;

/// <summary>The pages of files that the system keeps in memory.</summary>
internal static partial class PageCache
{
    private const int DontNeed = 4; // POSIX_FADV_DONTNEED
    private const long Long = 1 << 20;

    /// <summary>Drops those of all long files of a folder, which have been forced to disk.</summary>
    public static void Drop(string folder)
    {
        var all = new EnumerationOptions { RecurseSubdirectories = true };
        foreach (FileInfo found in new DirectoryInfo(folder).EnumerateFiles("*", all).Where(file => file.Length > Long))
        {
            using SafeFileHandle file = File.OpenHandle(found.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (Advise(file, 0, 0, DontNeed) is not 0 and var error)
                throw new IOException($"The pages of '{found.FullName}' cannot be dropped: error {error}.");
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);
}
