using System.Security.Cryptography;
using Distributed.Engine;
using Distributed.Silo.Http;
using Microsoft.Win32.SafeHandles;

namespace Distributed.Silo.Storage;

/// <summary>
/// Takes uploads: streams them to disk, checks them, and gives them their names. What is broken off can be gone on with
/// from the last byte that is there for good.
/// </summary>
/// <param name="store">Where they go.</param>
/// <param name="folder">Where they are until then.</param>
/// <param name="quota">Says whether there is room.</param>
public sealed class Uploads(FileStore store, UploadFolder folder, Quota quota)
{
    /// <summary>The uploads in the making.</summary>
    public UploadFolder Folder => folder;

    /// <summary>Takes what a request brings.</summary>
    /// <param name="request">What its headers say.</param>
    /// <param name="body">Its bytes.</param>
    /// <param name="allows">Told what has the name, null where nothing has; it throws where that may not be replaced.</param>
    /// <param name="cancellation">The caller is gone.</param>
    /// <exception cref="RefusedException">It cannot be taken, or was damaged on its way.</exception>
    /// <exception cref="InputException">The content is not what it must be.</exception>
    /// <exception cref="IOException">The disk failed.</exception>
    public async Task<UploadOutcome> ReceiveAsync(UploadRequest request, Stream body, Action<StoredFile?> allows, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(allows);
        // Before it comes, and again when it gets its name: others may have been there meanwhile.
        allows(store.Find(request.Name));
        using SafeFileHandle part = folder.OpenPart(request.Name);
        try
        {
            return await ReceiveAsync(request, body, part, allows, cancellation).ConfigureAwait(false);
        }
        catch when (!part.IsClosed && folder.Find(request.Name) is null)
        {
            folder.Forget(request.Name);
            throw;
        }
    }

    private async Task<UploadOutcome> ReceiveAsync(
        UploadRequest request, Stream body, SafeFileHandle part, Action<StoredFile?> allows, CancellationToken cancellation)
    {
        UnfinishedUpload upload = Begin(request, part);
        quota.RequireRoomFor((request.Total ?? request.End ?? upload.Offset) - upload.Offset);
        using IncrementalHash hash = await HashOfAsync(part, upload.Offset, cancellation).ConfigureAwait(false);
        using IncrementalHash? piece = request.PartDigest is null ? null : IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var writer = new PartWriter(
            part, upload.Offset, request.End, quota, piece is null ? [hash] : [hash, piece],
            offset => Note(request, upload, part, offset));
        try
        {
            await writer.CopyAsync(body, cancellation).ConfigureAwait(false);
        }
        catch when (request.PartDigest is null)
        {
            // What has come is good as far as it goes; the caller goes on from there.
            RandomAccess.SetLength(part, writer.Offset);
            Note(request, upload, part, writer.Offset);
            throw;
        }
        Compare("What was sent", request.PartDigest, piece);
        if (request.IsLast)
            return Complete(request, part, writer.Offset, hash, allows);
        Note(request, upload, part, writer.Offset);
        return new UploadOutcome(writer.Offset, null, false);
    }

    private UnfinishedUpload Begin(UploadRequest request, SafeFileHandle part)
    {
        UnfinishedUpload? before = folder.Find(request.Name);
        if (before is not null && before.Owner != request.Owner && !request.MayTakeOver)
            throw new RefusedException(Refusal.NotAllowed, $"The upload of '{request.Name}' was begun with key '{before.Owner}'; it can be gone on with, or begun anew, by that key or an admin's.");
        if (request.Start is null or 0)
        {
            RandomAccess.SetLength(part, 0);
            return new UnfinishedUpload(0, request.Total, request.Owner, DateTimeOffset.UtcNow);
        }
        long offset = before?.Owner == request.Owner ? before.Offset : 0;
        if (request.Start != offset)
            throw new RefusedException(Refusal.WrongOffset, $"The upload of '{request.Name}' stands at byte {offset}; the request begins at {request.Start}.");
        if (before!.Total is { } total && request.Total is { } now && total != now)
            throw new RefusedException(Refusal.WrongOffset, $"The upload of '{request.Name}' is of {total} bytes; the request says {now}. Begin it anew at byte 0.");
        RandomAccess.SetLength(part, offset);
        return before;
    }

    private void Note(UploadRequest request, UnfinishedUpload upload, SafeFileHandle part, long offset)
    {
        RandomAccess.FlushToDisk(part);
        folder.Note(request.Name, upload with { Offset = offset, Total = request.Total ?? upload.Total });
    }

    private UploadOutcome Complete(
        UploadRequest request, SafeFileHandle part, long length, IncrementalHash hash, Action<StoredFile?> allows)
    {
        RandomAccess.FlushToDisk(part);
        string content = Guid.CreateVersion7().ToString("n") + store.Kind.EndingFor(request.Name);
        // From here on it is nobody else's: the next upload of the name makes a part of its own.
        string path = folder.TakeOut(request.Name, content);
        part.Dispose();
        try
        {
            Compare("The file", request.FileDigest, hash);
            IReadOnlyList<StoredTensor> tensors = store.Kind.Look(path, request.Name);
            var file = new StoredFile(
                request.Name, content, length, Convert.ToHexStringLower(hash.GetCurrentHash()), request.Owner, DateTimeOffset.UtcNow, tensors);
            bool replaced = store.Commit(file, path, allows);
            End(request.Name, path);
            return new UploadOutcome(length, file, replaced);
        }
        catch (Exception error)
        {
            // What a name points to is never a part again, or the next bytes would be written into a stored file.
            bool mayBeTriedAgain = error is IOException or RefusedException { Refusal.Status: StatusCodes.Status503ServiceUnavailable };
            if (mayBeTriedAgain && store.Find(request.Name)?.Content != content)
                folder.PutBack(request.Name, path);
            else
                End(request.Name, path);
            throw;
        }
    }

    private void End(string name, string path)
    {
        folder.Finish(name);
        File.Delete(path);
    }

    private static void Compare(string what, string? expected, IncrementalHash? found)
    {
        if (expected is not null && Convert.ToHexStringLower(found!.GetCurrentHash()) is var actual && actual != expected)
            throw new RefusedException(Refusal.Damaged, $"{what} has the SHA-256 {actual}; its header says {expected}.");
    }

    private static async Task<IncrementalHash> HashOfAsync(SafeFileHandle part, long length, CancellationToken cancellation)
    {
        IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[(int)Math.Min(1 << 20, length)];
        for (long at = 0; at < length;)
        {
            int read = await RandomAccess.ReadAsync(part, buffer.AsMemory(0, (int)Math.Min(buffer.Length, length - at)), at, cancellation).ConfigureAwait(false);
            if (read == 0)
                throw new EndOfStreamException($"The part has {at} of {length} bytes.");
            hash.AppendData(buffer, 0, read);
            at += read;
        }
        return hash;
    }
}
