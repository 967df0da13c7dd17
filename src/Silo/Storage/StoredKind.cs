using Distributed.Engine;
using Distributed.Engine.Documents;
using Distributed.Engine.Files;

namespace Distributed.Silo.Storage;

/// <summary>A kind of stored files, and what their content must be.</summary>
/// <param name="Folder">Folder, and word in paths and references.</param>
/// <param name="One">One of them, in words.</param>
/// <param name="MediaType">Media type.</param>
/// <param name="Look">Checks content and tells the tensors in it; throws <see cref="InputException"/>.</param>
public sealed record StoredKind(string Folder, string One, string MediaType, Func<string, string, IReadOnlyList<StoredTensor>> Look)
{
    /// <summary>Most tensors in a file.</summary>
    public const int MostTensors = 10_000;

    /// <summary>Tensor files.</summary>
    public static StoredKind Tensors { get; } = new("tensors", "tensor", "application/octet-stream", LookAtTensors);

    /// <summary>Texts.</summary>
    public static StoredKind Documents { get; } = new("documents", "document", "text/plain; charset=utf-8", LookAtText);

    /// <summary>The ending that content of this name gets, by which the engine knows formats.</summary>
    public string EndingFor(string name) => this == Documents ? ".txt"
        : Path.GetExtension(name).ToLowerInvariant() is var ending && ending is ".npy" or ".npz" or ".safetensors" ? ending
        : "";

    private static StoredTensor[] LookAtTensors(string path, string name)
    {
        try
        {
            using TensorFile file = TensorFile.Open(path, Path.GetFileNameWithoutExtension(name));
            return file.Tensors.Count <= MostTensors
                ? [.. file.Tensors.Select(tensor => new StoredTensor(tensor.Name, tensor.DType, tensor.Shape))]
                : throw new InputException($"'{name}' holds {file.Tensors.Count} tensors; at most {MostTensors} are expected.");
        }
        catch (InputException error)
        {
            throw new InputException(error.Message.Replace(path, name, StringComparison.Ordinal), error);
        }
    }

    private static StoredTensor[] LookAtText(string path, string name)
    {
        try
        {
            TextFile.Read(path);
            return [];
        }
        catch (InputException error)
        {
            throw new InputException(error.Message.Replace(path, name, StringComparison.Ordinal), error);
        }
    }
}
