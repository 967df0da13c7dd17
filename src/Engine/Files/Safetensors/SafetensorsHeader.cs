namespace Distributed.Engine.Files.Safetensors;

/// <summary>A parsed header.</summary>
/// <param name="Tensors">The tensors in the order of their data.</param>
/// <param name="Metadata">The free-form strings of <c>__metadata__</c>.</param>
internal sealed record SafetensorsHeader(
    IReadOnlyList<SafetensorsEntry> Tensors, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>The one name that is no tensor's.</summary>
    public const string MetadataKey = "__metadata__";
}

/// <summary>A tensor and where its data lies.</summary>
/// <param name="Info">Name, type and shape.</param>
/// <param name="Begin">First byte, counted from the end of the header.</param>
/// <param name="End">The byte behind the last.</param>
internal sealed record SafetensorsEntry(TensorInfo Info, long Begin, long End);
