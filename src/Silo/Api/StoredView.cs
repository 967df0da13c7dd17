using Distributed.Silo.Storage;

namespace Distributed.Silo.Api;

/// <summary>A stored file as the API shows it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">Length.</param>
/// <param name="Sha256">SHA-256, in lower-case hex; the ETag is the same.</param>
/// <param name="Owner">The key that it was uploaded with.</param>
/// <param name="Stored">When it was stored.</param>
/// <param name="Tensors">The tensors in it; none for a document.</param>
public sealed record StoredView(
    string Name, long Bytes, string Sha256, string Owner, DateTimeOffset Stored, IReadOnlyList<StoredTensor> Tensors)
{
    /// <summary>Of a stored file.</summary>
    public static StoredView Of(StoredFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return new StoredView(file.Name, file.Bytes, file.Sha256, file.Owner, file.Stored, file.Tensors);
    }
}

/// <summary>Some stored files, by name.</summary>
/// <param name="Files">The files.</param>
/// <param name="Next">What to give as <c>after</c> for those that follow; null when none do.</param>
public sealed record FilePage(IReadOnlyList<StoredView> Files, string? Next);

/// <summary>An upload that is not complete.</summary>
/// <param name="Name">Name of the file.</param>
/// <param name="Offset">Bytes that are there for good: where to go on.</param>
/// <param name="Total">Length of the whole file; null = not known yet.</param>
public sealed record UploadView(string Name, long Offset, long? Total);
