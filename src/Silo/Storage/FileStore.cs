using System.Text.Json;
using Distributed.Engine.Checkpoints;
using Distributed.Silo.Http;

namespace Distributed.Silo.Storage;

/// <summary>
/// Files by name, in a folder that all silos of a cluster see. A name is a small record that points to its content and is
/// replaced in one step, so a reader gets the old bytes or the new ones, whole. Content never changes: whoever has it
/// open, or linked (a job), keeps it, whatever becomes of the name.
/// </summary>
/// <param name="kind">What the files are: tensors or documents.</param>
/// <param name="root">The data folder.</param>
/// <param name="locks">What is allowed of a name, and what is then done with it, have no other change of the name between them.</param>
public sealed class FileStore(StoredKind kind, string root, NameLocks locks)
{
    private readonly string _names = Path.Combine(root, kind.Folder, "names");
    private readonly string _contents = Path.Combine(root, kind.Folder, "contents");

    /// <summary>What the files are.</summary>
    public StoredKind Kind => kind;

    /// <summary>Makes the folders.</summary>
    public void Open()
    {
        Directory.CreateDirectory(_names);
        Directory.CreateDirectory(_contents);
    }

    /// <summary>The file of a name; null when there is none.</summary>
    public StoredFile? Find(string name)
    {
        if (!StoredName.IsValid(name))
            return null;
        try
        {
            return JsonSerializer.Deserialize<StoredFile>(File.ReadAllBytes(RecordOf(name)));
        }
        catch (Exception none) when (none is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Files in the order of their names.</summary>
    /// <param name="after">The name behind which to begin; null = at the first.</param>
    /// <param name="limit">How many at most.</param>
    public IReadOnlyList<StoredFile> List(string? after, int limit) =>
    [
        .. Names().Order(StringComparer.Ordinal).Where(name => after is null || string.CompareOrdinal(name, after) > 0)
            .Select(Find).OfType<StoredFile>().Take(limit),
    ];

    /// <summary>Opens the bytes of a file; null when it was removed meanwhile.</summary>
    public FileStream? Read(StoredFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        try
        {
            return new FileStream(
                ContentOf(file), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0,
                FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Gives a whole, checked file its name: it is there for good when this returns.</summary>
    /// <param name="file">What is known of it.</param>
    /// <param name="path">
    /// Where it is now, its bytes already forced to disk. It keeps that name too, which the caller takes away: until the file
    /// is stored a lost process has it there.
    /// </param>
    /// <param name="allows">Told what had the name until now, null where nothing had; it throws where that may not be replaced.</param>
    /// <returns>Whether the name had other bytes before.</returns>
    /// <exception cref="IOException">The disk failed; what had the name still has it.</exception>
    /// <exception cref="RefusedException">Another change of the name takes too long.</exception>
    public bool Commit(StoredFile file, string path, Action<StoredFile?> allows)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(allows);
        using NameLocks.Held change = locks.Enter(file.Name);
        StoredFile? before = Find(file.Name);
        allows(before);
        // Content that no name points to goes when it is old; this is about to have one.
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
        HardLink.Create(path, ContentOf(file));
        try
        {
            DurableFile.FlushFolder(_contents);
            DurableFile.Write(RecordOf(file.Name), stream => JsonSerializer.Serialize(stream, file));
        }
        catch
        {
            if (Find(file.Name)?.Content != file.Content)
                File.Delete(ContentOf(file));
            throw;
        }
        if (before is not null)
            File.Delete(ContentOf(before));
        return before is not null;
    }

    /// <summary>Takes a file away.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="allows">Told the file; it throws where that may not be taken away.</param>
    /// <returns>Whether there was one.</returns>
    public bool Delete(string name, Action<StoredFile> allows)
    {
        ArgumentNullException.ThrowIfNull(allows);
        if (!StoredName.IsValid(name))
            return false;
        using NameLocks.Held change = locks.Enter(name);
        if (Find(name) is not { } file)
            return false;
        allows(file);
        File.Delete(RecordOf(file.Name));
        DurableFile.FlushFolder(_names);
        File.Delete(ContentOf(file));
        return true;
    }

    /// <summary>Gives a file's content another name on the same disk, so that it stays as long as that one does.</summary>
    /// <exception cref="FileNotFoundException">It was removed meanwhile.</exception>
    public void Link(StoredFile file, string path)
    {
        ArgumentNullException.ThrowIfNull(file);
        HardLink.Create(ContentOf(file), path);
    }

    /// <summary>Bytes of all files.</summary>
    public long Usage() => new DirectoryInfo(_contents).EnumerateFiles().Sum(Length);

    /// <summary>Takes away content that no name points to, and half-written records: what a process that was lost left behind.</summary>
    /// <param name="olderThan">Younger files may belong to a process that lives.</param>
    public void Sweep(TimeSpan olderThan)
    {
        DateTime before = DateTime.UtcNow - olderThan;
        foreach (FileInfo half in new DirectoryInfo(_names).EnumerateFiles("*.partial").Where(file => file.LastWriteTimeUtc <= before))
            half.Delete();
        HashSet<string> known = [.. Names().Select(Find).OfType<StoredFile>().Select(file => file.Content)];
        foreach (FileInfo content in new DirectoryInfo(_contents).EnumerateFiles().Where(file => !known.Contains(file.Name) && file.LastWriteTimeUtc <= before))
            content.Delete();
    }

    private const string RecordEnding = ".json";

    private IEnumerable<string> Names() => Directory.EnumerateFiles(_names, "*" + RecordEnding)
        .Select(path => Path.GetFileName(path)[..^RecordEnding.Length]);

    private string RecordOf(string name) => Path.Combine(_names, name + RecordEnding);

    private string ContentOf(StoredFile file) => Path.Combine(_contents, file.Content);

    private static long Length(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            // It was removed meanwhile.
            return 0;
        }
    }
}
