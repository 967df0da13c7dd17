using Distributed.Kernels.Numerics;

namespace Distributed.Engine.Files;

/// <summary>A tensor to be written.</summary>
/// <param name="Name">Its name; an npy file does not keep it.</param>
/// <param name="Type">Element type.</param>
/// <param name="Shape">Extents, outermost first; empty for a scalar, and an extent may be 0.</param>
public sealed record TensorSpec(string Name, FileElementType Type, params long[] Shape)
{
    /// <summary>A tensor of an element type that the kernels write.</summary>
    public TensorSpec(string name, ElementType type, params long[] shape)
        : this(name, type.ToFileElementType(), shape)
    {
    }
}
