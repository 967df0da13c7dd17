using System.Runtime.InteropServices;
using Distributed.Engine;

namespace Distributed.Silo.Jobs;

/// <summary>The folders whose files jobs may use where they lie.</summary>
/// <param name="roots">Full paths.</param>
/// <param name="data">The server's own folder, in which no job may read or write by path, wherever it lies; null = none.</param>
public sealed partial class FileRoots(IReadOnlyList<string> roots, string? data = null)
{
    private const string Scheme = "file:";

    /// <summary>Whether a reference is to a file on the server: <c>file:/PATH</c>, or a full path.</summary>
    public static bool IsFile(string reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        return reference.StartsWith(Scheme, StringComparison.Ordinal) || reference.StartsWith('/');
    }

    /// <summary>The file that a reference leads to, links followed.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="mayBeNew">Whether the file need not be there yet, only its folder.</param>
    /// <exception cref="InputException">It leads out of the folders, or nowhere.</exception>
    public string Resolve(string reference, bool mayBeNew)
    {
        string path = PathOf(reference);
        if (roots.Count == 0)
            throw new InputException($"'{reference}' is a file on the server, which has no folder for such files (setting file-roots).");
        string? real = RealPath(path);
        if (real is null && mayBeNew && !Path.Exists(path) && RealPath(Path.GetDirectoryName(path)!) is { } folder)
            real = Path.Combine(folder, Path.GetFileName(path));
        // The same words whether a file outside is there or not: what is there is nobody's business.
        if (!IsUnder(path, roots) || (real is not null && (!IsUnder(real, roots.Select(root => RealPath(root) ?? root)) || IsOwn(real))))
            throw new InputException($"'{reference}' is not under a folder that the server gives jobs ({string.Join(", ", roots)}).");
        return real ?? throw new InputException($"'{reference}' cannot be found on the server.");
    }

    private static string PathOf(string reference)
    {
        string path = reference.StartsWith(Scheme, StringComparison.Ordinal) ? reference[Scheme.Length..] : reference;
        if (path.StartsWith("//", StringComparison.Ordinal))
            path = path[2..];
        return path.StartsWith('/') && !path.Contains('\0') && Path.GetFullPath(path) == path && path.Length < 4096
            ? path
            : throw new InputException($"'{reference.Replace('\0', '?')}' is no full path without detours; file:/FOLDER/FILE is expected.");
    }

    private bool IsOwn(string real) => data is not null && IsUnder(real, [RealPath(data) ?? data]);

    private static bool IsUnder(string path, IEnumerable<string> roots) =>
        roots.Any(root => path.StartsWith(root.TrimEnd('/') + "/", StringComparison.Ordinal));

    private static string? RealPath(string path)
    {
        nint resolved = RealPathOf(path, 0);
        if (resolved == 0)
            return null;
        string? text = Marshal.PtrToStringUTF8(resolved);
        Free(resolved);
        return text;
    }

    [LibraryImport("libc", EntryPoint = "realpath", StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint RealPathOf(string path, nint buffer);

    [LibraryImport("libc", EntryPoint = "free")]
    private static partial void Free(nint memory);
}
