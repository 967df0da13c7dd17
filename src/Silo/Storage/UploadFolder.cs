using System.Text.Json;
using Distributed.Engine.Checkpoints;
using Distributed.Silo.Http;
using Microsoft.Win32.SafeHandles;

namespace Distributed.Silo.Storage;

/// <summary>
/// Uploads in the making: the bytes of each in a part, and beside it how many of them are there for good. One process at
/// a time may add to a part.
/// </summary>
/// <param name="kind">What is uploaded.</param>
/// <param name="root">The data folder.</param>
/// <param name="locks">
/// A part is opened and then locked, two steps; nobody may take its name away between them, or the lock would be on bytes
/// that have no name.
/// </param>
public sealed class UploadFolder(StoredKind kind, string root, NameLocks locks)
{
    /// <summary>Not allowed in names.</summary>
    private const char Separator = '~';

    private readonly string _parts = Path.Combine(root, "uploads", kind.Folder, "parts");
    private readonly string _whole = Path.Combine(root, "uploads", kind.Folder, "whole");
    private readonly string _states = Path.Combine(root, "uploads", kind.Folder, "states");

    /// <summary>Makes the folders.</summary>
    public void Open()
    {
        Directory.CreateDirectory(_parts);
        Directory.CreateDirectory(_states);
        Directory.CreateDirectory(_whole);
    }

    /// <summary>The file with the bytes of an upload.</summary>
    public string PartOf(string name) => Path.Combine(_parts, name + ".part");

    /// <summary>How an upload stands; null when none has begun.</summary>
    public UnfinishedUpload? Find(string name)
    {
        try
        {
            UnfinishedUpload? upload = JsonSerializer.Deserialize<UnfinishedUpload>(File.ReadAllBytes(StateOf(name)));
            // A process that was lost between the file's move and the record's end leaves a record without bytes.
            return upload is not null && File.Exists(PartOf(name)) && new FileInfo(PartOf(name)).Length >= upload.Offset ? upload : null;
        }
        catch (Exception none) when (none is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Opens a part for adding to it.</summary>
    /// <exception cref="RefusedException">Another request adds to it.</exception>
    public SafeFileHandle OpenPart(string name)
    {
        using NameLocks.Held change = locks.Enter(name);
        // A record without a part is of an upload that is whole and being stored; this one is another.
        if (!File.Exists(PartOf(name)))
            File.Delete(StateOf(name));
        return LockedFile.TryOpen(PartOf(name))
            ?? throw new RefusedException(Refusal.UploadBusy, $"Another upload of '{name}' is under way; try again when it has ended.");
    }

    /// <summary>Writes down how an upload stands. Its bytes must be forced to disk before.</summary>
    public void Note(string name, UnfinishedUpload upload) =>
        DurableFile.Write(StateOf(name), stream => JsonSerializer.Serialize(stream, upload));

    /// <summary>
    /// Takes a whole part out, to be checked and stored. If some of it was acknowledged, the record of that stays until it is
    /// stored: a process that is lost before has the upload where it stood.
    /// </summary>
    /// <returns>Where it is now.</returns>
    public string TakeOut(string name, string content)
    {
        string path = Path.Combine(_whole, name + Separator + content);
        using NameLocks.Held change = locks.Enter(name);
        File.Move(PartOf(name), path);
        return path;
    }

    /// <summary>Takes away the record of what was taken out: it is stored, or of no use.</summary>
    public void Finish(string name)
    {
        using NameLocks.Held change = locks.Enter(name);
        if (!File.Exists(PartOf(name)))
            File.Delete(StateOf(name));
    }

    /// <summary>
    /// Puts back what was taken out and could not be stored, so that it stands where it was acknowledged; it goes if nothing
    /// of it was, or another upload of the name has begun.
    /// </summary>
    public void PutBack(string name, string path)
    {
        using NameLocks.Held change = locks.Enter(name);
        if (!File.Exists(PartOf(name)) && File.Exists(StateOf(name)))
            File.Move(path, PartOf(name));
        else
            File.Delete(path);
    }

    /// <summary>Takes an upload away.</summary>
    public void Forget(string name)
    {
        using NameLocks.Held change = locks.Enter(name);
        ForgetHeld(name);
    }

    /// <summary>Bytes of all parts.</summary>
    public long Usage() => new DirectoryInfo(_parts).EnumerateFiles().Sum(file => file.Exists ? file.Length : 0);

    /// <summary>Takes away uploads that nobody has gone on with for so long, and what a lost process left half-written.</summary>
    /// <param name="unfinished">How long nobody has gone on with them.</param>
    /// <param name="half">How old a file must be to be taken for one of a process that was lost.</param>
    /// <param name="contentOf">The content that a name points to; null when there is none.</param>
    public void Sweep(TimeSpan unfinished, TimeSpan half, Func<string, string?> contentOf)
    {
        foreach (FileInfo whole in new DirectoryInfo(_whole).EnumerateFiles().Where(whole => whole.LastWriteTimeUtc <= DateTime.UtcNow - half))
        {
            string[] parts = whole.Name.Split(Separator);
            if (contentOf(parts[0]) != parts[^1])
            {
                PutBack(parts[0], whole.FullName);
                continue;
            }
            Finish(parts[0]);
            whole.Delete();
        }
        foreach (FileInfo part in new DirectoryInfo(_parts).EnumerateFiles())
        {
            string name = part.Name[..part.Name.LastIndexOf(".part", StringComparison.Ordinal)];
            // A part without a record has no bytes that are there for good.
            using NameLocks.Held change = locks.Enter(name);
            if (part.LastWriteTimeUtc <= DateTime.UtcNow - (Find(name) is null ? half : unfinished) && IsFree(part))
                ForgetHeld(name);
        }
        foreach (FileInfo state in new DirectoryInfo(_states).EnumerateFiles().Where(state => state.LastWriteTimeUtc <= DateTime.UtcNow - half))
        {
            if (!state.Name.EndsWith(".json", StringComparison.Ordinal) || Find(state.Name[..^".json".Length]) is null)
                state.Delete();
        }
    }

    private static bool IsFree(FileInfo part)
    {
        // Another sweep may have taken it away.
        using SafeFileHandle? mine = part.Exists ? LockedFile.TryOpen(part.FullName, FileMode.Open) : null;
        return mine is not null;
    }

    private void ForgetHeld(string name)
    {
        File.Delete(PartOf(name));
        File.Delete(StateOf(name));
    }

    private string StateOf(string name) => Path.Combine(_states, name + ".json");
}
