using System.Collections.ObjectModel;
using Distributed.Engine.Files.Npy;
using Distributed.Engine.Files.Safetensors;
using Distributed.Engine.Files.Zip;

namespace Distributed.Engine.Files;

/// <summary>
/// An open safetensors, npy or npz file. Opening checks every rule of the format on the header; the data is mapped and
/// read only where it is touched. All members may be used from several threads, but not while disposing.
/// </summary>
public abstract class TensorFile : IDisposable
{
    private readonly Dictionary<string, TensorInfo> _byName;

    private protected TensorFile(string path, IReadOnlyList<TensorInfo> tensors)
    {
        Path = path;
        Tensors = tensors;
        _byName = tensors.ToDictionary(t => t.Name, StringComparer.Ordinal);
    }

    /// <summary>The path it was opened by.</summary>
    public string Path { get; }

    /// <summary>The tensors, in the order their data has in the file.</summary>
    public IReadOnlyList<TensorInfo> Tensors { get; }

    /// <summary>The safetensors <c>__metadata__</c>; empty for the other formats.</summary>
    public virtual IReadOnlyDictionary<string, string> Metadata => ReadOnlyDictionary<string, string>.Empty;

    /// <summary>
    /// Opens a tensor file. npy and npz are known by their first bytes, whatever the name says; all else is taken for
    /// safetensors unless it is named .npy or .npz.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="npyName">Name of the tensor of an npy file, which has none; by default the file's without .npy.</param>
    /// <exception cref="InputException">The file cannot be read or breaks a rule of its format.</exception>
    public static TensorFile Open(string path, string? npyName = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        MappedFile file = MappedFile.Open(path);
        try
        {
            if (file.Length == 0)
                throw new InputException($"{Quoted.Path(path)} is empty: it holds no tensors.");
            string extension = System.IO.Path.GetExtension(path).ToLowerInvariant();
            if (NpyHeader.HasMagic(file) || extension == ".npy")
                return new NpyFile(file, npyName ?? System.IO.Path.GetFileNameWithoutExtension(path));
            if (extension == ".npz" || (ZipDirectory.HasMagic(file) && extension != ".safetensors"))
                return new NpzFile(file);
            return new SafetensorsFile(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The tensor of that name, or nothing.</summary>
    public TensorInfo? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Gives access to a tensor's data.</summary>
    /// <exception cref="InputException">
    /// The file has no tensor of that name, or its data is damaged (a compressed npz member).
    /// </exception>
    /// <exception cref="DiskFullException">There is no room to unpack a compressed npz member.</exception>
    public MappedTensor Map(string name)
    {
        TensorInfo info = Find(name) ?? throw new InputException(Tensors.Count == 0
            ? $"{Quoted.Path(Path)} has no tensor {Quoted.Name(name)}: it has none at all."
            : $"{Quoted.Path(Path)} has no tensor {Quoted.Name(name)}: it has {Quoted.Names(_byName.Keys)}.");
        return Map(info);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Unmaps the file; the addresses given out become invalid.</summary>
    protected abstract void Dispose(bool disposing);

    private protected abstract MappedTensor Map(TensorInfo info);
}
