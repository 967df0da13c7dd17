using System.Text.Json.Serialization;

namespace Distributed.Client;

/// <summary>A kind of stored files.</summary>
public sealed class StoredKind
{
    private StoredKind(string folder) => Folder = folder;

    /// <summary>Tensor files: safetensors, npy, npz.</summary>
    public static StoredKind Tensors { get; } = new("tensors");

    /// <summary>Texts.</summary>
    public static StoredKind Documents { get; } = new("documents");

    /// <summary>The word in paths.</summary>
    internal string Folder { get; }
}

/// <summary>A stored file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Bytes">Length.</param>
/// <param name="Sha256">SHA-256, in lower-case hex.</param>
/// <param name="Owner">The key that it was uploaded with.</param>
/// <param name="Stored">When it was stored.</param>
/// <param name="Tensors">The tensors in it; none for a document.</param>
public sealed record StoredFile(
    string Name, long Bytes, string Sha256, string Owner, DateTimeOffset Stored, IReadOnlyList<StoredTensor> Tensors);

/// <summary>A tensor of a stored file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DType">Element type, as the file writes it.</param>
/// <param name="Shape">Extents, outermost first.</param>
public sealed record StoredTensor(string Name, [property: JsonPropertyName("dtype")] string DType, IReadOnlyList<long> Shape);

/// <summary>Some stored files, by name.</summary>
/// <param name="Files">The files.</param>
/// <param name="Next">The name behind which those are that follow; null when none do.</param>
public sealed record FilePage(IReadOnlyList<StoredFile> Files, string? Next);

/// <summary>How far a transfer is.</summary>
/// <param name="Bytes">Bytes that went.</param>
/// <param name="Total">Bytes in all; −1 = not known.</param>
public readonly record struct TransferProgress(long Bytes, long Total);
