namespace Distributed.Engine.Files.Output;

/// <summary>Where a tensor's data lies in the file to be written.</summary>
/// <param name="Info">Name, type and shape.</param>
/// <param name="Start">First byte, from the file's start.</param>
internal sealed record OutputPlacement(TensorInfo Info, long Start)
{
    /// <summary>The byte behind the last.</summary>
    public long End => checked(Start + Info.ByteLength);
}
