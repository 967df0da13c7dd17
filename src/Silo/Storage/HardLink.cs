using System.Runtime.InteropServices;

namespace Distributed.Silo.Storage;

/// <summary>A second name for a file's bytes, which .NET has no call for.</summary>
internal static partial class HardLink
{
    private const int NoSuchFile = 2; // ENOENT

    /// <summary>Makes it.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">It cannot be made.</exception>
    public static void Create(string file, string name)
    {
        if (Link(file, name) == 0)
            return;
        int error = Marshal.GetLastPInvokeError();
        string why = $"'{file}' cannot be linked as '{name}': {Marshal.GetPInvokeErrorMessage(error)}.";
        throw error == NoSuchFile ? new FileNotFoundException(why) : new IOException(why, error);
    }

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Link(string file, string name);
}
