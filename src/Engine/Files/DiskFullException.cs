namespace Distributed.Engine.Files;

/// <summary>A file was not made because its disk has no room for it. Nothing of it is left behind.</summary>
public sealed class DiskFullException : IOException
{
    /// <summary>No room for a file.</summary>
    /// <param name="message">One sentence: the folder, and the bytes it has no room for.</param>
    /// <param name="cause">The error that showed it; null where another machine had it.</param>
    public DiskFullException(string message, Exception? cause = null)
        : base(message, cause)
    {
    }

    /// <summary>Whether an error is a disk without room: this one, or what a write to a full disk throws.</summary>
    public static bool Is(Exception error)
    {
        const int FileTooBig = 27; // EFBIG
        const int NoSpace = 28; // ENOSPC
        const int OverQuota = 122; // EDQUOT
        return error is DiskFullException
            || (error is IOException { HResult: FileTooBig or NoSpace or OverQuota } && error.GetType() == typeof(IOException));
    }
}
