namespace Distributed.Engine.Files;

/// <summary>The formats that are written.</summary>
public enum TensorFileFormat
{
    /// <summary>safetensors: any number of named tensors.</summary>
    Safetensors,

    /// <summary>npy: one array.</summary>
    Npy,
}

/// <summary>Facts about <see cref="TensorFileFormat"/>.</summary>
public static class TensorFileFormats
{
    /// <summary>The format an output's name asks for.</summary>
    /// <exception cref="InputException">The name ends in neither .safetensors nor .npy.</exception>
    public static TensorFileFormat OfOutput(string path) => Path.GetExtension(path).ToLowerInvariant() switch
    {
        ".safetensors" => TensorFileFormat.Safetensors,
        ".npy" => TensorFileFormat.Npy,
        ".npz" => throw new InputException(
            $"The output {Quoted.Path(path)} would be an npz file, which is read but not written: use .safetensors or .npy."),
        _ => throw new InputException(
            $"The output {Quoted.Path(path)} does not end in .safetensors or .npy, so its format is not known."),
    };

    /// <summary>Whether a file of this format holds more than one tensor.</summary>
    public static bool HoldsSeveral(this TensorFileFormat format) => format == TensorFileFormat.Safetensors;

    /// <summary>Whether the format has such elements; npy has no bfloat16.</summary>
    public static bool Holds(this TensorFileFormat format, FileElementType type) =>
        (format == TensorFileFormat.Safetensors ? type.SafetensorsName() : type.NpyDescriptor()) is not null;
}
