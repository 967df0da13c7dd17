namespace Distributed.Silo.Storage;

/// <summary>A stored file: its name, and what is known of the bytes that have it now.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Content">The file that holds the bytes; another one each time the name is given to other bytes.</param>
/// <param name="Bytes">Length.</param>
/// <param name="Sha256">SHA-256 of the bytes, in lower-case hex.</param>
/// <param name="Owner">The key that it was uploaded with.</param>
/// <param name="Stored">When it was stored.</param>
/// <param name="Tensors">The tensors in it; none for a document.</param>
public sealed record StoredFile(
    string Name, string Content, long Bytes, string Sha256, string Owner, DateTimeOffset Stored, IReadOnlyList<StoredTensor> Tensors);

/// <summary>A tensor of a stored file.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DType">Element type, as the file writes it.</param>
/// <param name="Shape">Extents, outermost first.</param>
public sealed record StoredTensor(
    string Name, [property: System.Text.Json.Serialization.JsonPropertyName("dtype")] string DType, IReadOnlyList<long> Shape);
