namespace Distributed.Silo.Storage;

/// <summary>What an upload's headers say.</summary>
/// <param name="Name">Name of the file.</param>
/// <param name="Owner">The key it is uploaded with.</param>
/// <param name="Start">Where its bytes begin in the file; null = it brings the whole file, and begins anew.</param>
/// <param name="End">The byte behind its last; null = its length is not known.</param>
/// <param name="Total">Length of the whole file; null = not known, and more is to come.</param>
/// <param name="PartDigest">SHA-256 of what this request brings.</param>
/// <param name="FileDigest">SHA-256 of the whole file.</param>
public sealed record UploadRequest(
    string Name, string Owner, long? Start, long? End, long? Total, string? PartDigest, string? FileDigest)
{
    /// <summary>Whether it may begin anew what another key has begun.</summary>
    public bool MayTakeOver { get; init; }

    /// <summary>Whether the file is to be complete with the end of this request.</summary>
    public bool IsLast => Start is null || (Total is not null && End == Total);
}

/// <summary>How an upload stands after a request.</summary>
/// <param name="Offset">Bytes that are there for good.</param>
/// <param name="File">The stored file; null while more is to come.</param>
/// <param name="Replaced">Whether the name had other bytes before.</param>
public sealed record UploadOutcome(long Offset, StoredFile? File, bool Replaced);

/// <summary>An upload that has begun and is not complete, as it is written down.</summary>
/// <param name="Offset">Bytes that are there for good.</param>
/// <param name="Total">Length of the whole file; null = not known yet.</param>
/// <param name="Owner">The key it is uploaded with.</param>
/// <param name="Began">When it began.</param>
public sealed record UnfinishedUpload(long Offset, long? Total, string Owner, DateTimeOffset Began);
