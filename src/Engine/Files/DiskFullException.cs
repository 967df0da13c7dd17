namespace Distributed.Engine.Files;

/// <summary>A file was not made because its disk has no room for it. Nothing of it is left behind.</summary>
public sealed class DiskFullException : IOException
{
    /// <summary>No room for a file.</summary>
    /// <param name="message">One sentence: the folder, and the bytes it has no room for.</param>
    /// <param name="cause">The error that showed it.</param>
    public DiskFullException(string message, Exception cause)
        : base(message, cause)
    {
    }
}
