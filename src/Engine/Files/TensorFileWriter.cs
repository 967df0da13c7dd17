using Distributed.Engine.Files.Npy;
using Distributed.Engine.Files.Output;
using Distributed.Engine.Files.Safetensors;

namespace Distributed.Engine.Files;

/// <summary>
/// A safetensors or npy file in the making. It has its full size from the start, under a temporary name beside its final
/// one (<c>NAME.xxxxxxxx.partial</c>), is written in place through a mapping, and takes its final name only in
/// <see cref="Commit"/>. Disposing without that takes it away.
/// </summary>
public sealed class TensorFileWriter : IDisposable
{
    private readonly OutputFile _file;
    private readonly Dictionary<string, TensorWriter> _tensors;

    private TensorFileWriter(OutputFile file, TensorFileFormat format, IReadOnlyList<TensorWriter> tensors)
    {
        _file = file;
        Format = format;
        _tensors = tensors.ToDictionary(t => t.Info.Name, StringComparer.Ordinal);
    }

    /// <summary>The final name, as a full path with links followed.</summary>
    public string Path => _file.Path;

    /// <summary>The name the file has until it is committed.</summary>
    public string TemporaryPath => _file.TemporaryPath;

    /// <summary>The format, chosen by the name.</summary>
    public TensorFileFormat Format { get; }

    /// <summary>Access to a tensor, to write it.</summary>
    /// <exception cref="KeyNotFoundException">The file was not created with such a tensor.</exception>
    public TensorWriter this[string name] => _tensors[name];

    /// <summary>
    /// Creates the temporary file, all zeros behind its header, with its disk space taken. An element is 0 until it is
    /// written.
    /// </summary>
    /// <param name="path">The final name; it ends in .safetensors or .npy. A file that has it is replaced at the end.</param>
    /// <param name="tensors">The tensors, with distinct names; one for npy.</param>
    /// <param name="metadata">Strings for the safetensors <c>__metadata__</c>; npy has no place for them.</param>
    /// <param name="inputs">Files that must not be replaced: those the job reads.</param>
    /// <param name="note">Told the temporary name before there is such a file; null = nobody.</param>
    /// <exception cref="InputException">
    /// The name is no possible output (its folder is missing, it is a folder or an input, it may not be written), or the
    /// format cannot hold the tensors.
    /// </exception>
    /// <exception cref="DiskFullException">The disk has no room; nothing is left behind.</exception>
    /// <exception cref="ArgumentException">Two tensors have one name, or a shape is impossible.</exception>
    public static TensorFileWriter Create(
        string path,
        IReadOnlyList<TensorSpec> tensors,
        IReadOnlyDictionary<string, string>? metadata = null,
        IEnumerable<string>? inputs = null,
        Action<string>? note = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        TensorFileFormat format = TensorFileFormats.OfOutput(path);
        CheckTensors(path, format, tensors);
        (byte[] header, OutputPlacement[] places) = format == TensorFileFormat.Safetensors
            ? SafetensorsHeaderWriter.Write(tensors, metadata)
            : NpyHeaderWriter.Write(tensors[0], metadata);
        OutputFile file = OutputFile.Create(path, places[^1].End, inputs ?? [], note);
        try
        {
            file.Write(0, header);
            return new TensorFileWriter(
                file, format, places.Select(p => new TensorWriter(p.Info, file, p.Start)).ToArray());
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Forces to disk what has been written, if it has become much. It may be called while others write.</summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public void WriteBack() => _file.WriteBack();

    /// <summary>
    /// Forces the content to disk and gives the file its final name, in one step that replaces what had it. All writing
    /// must have ended.
    /// </summary>
    /// <exception cref="IOException">The disk failed; the temporary file goes with <see cref="Dispose"/>.</exception>
    public void Commit() => _file.Commit();

    /// <summary>Takes the temporary file away, unless it was committed.</summary>
    public void Dispose() => _file.Dispose();

    private static void CheckTensors(string path, TensorFileFormat format, IReadOnlyList<TensorSpec> tensors)
    {
        ArgumentOutOfRangeException.ThrowIfZero(tensors.Count);
        string output = Quoted.Path(path);
        if (tensors.Count > 1 && !format.HoldsSeveral())
        {
            throw new InputException(
                $"The output {output} is an npy file, which holds one tensor, and {tensors.Count} are to be written ({Quoted.Names(tensors.Select(t => t.Name))}): use .safetensors.");
        }
        foreach (TensorSpec tensor in tensors)
        {
            if (!format.Holds(tensor.Type))
            {
                throw new InputException(
                    $"The output {output} cannot hold {tensor.Type}, which npy does not have: use .safetensors, or another element type.");
            }
            if (tensor.Shape.Any(extent => extent < 0)
                || !TensorShape.TryBitLength(tensor.Shape, tensor.Type, out long bits) || bits % 8 != 0)
            {
                throw new ArgumentException(
                    $"Shape {TensorShape.Text(tensor.Shape)} of tensor {Quoted.Name(tensor.Name)} is impossible.",
                    nameof(tensors));
            }
        }
        if (tensors.DistinctBy(t => t.Name, StringComparer.Ordinal).Count() != tensors.Count
            || tensors.Any(t => t.Name == SafetensorsHeader.MetadataKey))
        {
            throw new ArgumentException("Tensor names must be distinct, and none __metadata__.", nameof(tensors));
        }
    }
}
