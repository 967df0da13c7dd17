using Distributed.Kernels.Numerics;

namespace Distributed.Engine.Files;

/// <summary>What a file says about one of its tensors. Its elements lie in row-major order, little-endian.</summary>
public sealed class TensorInfo
{
    internal TensorInfo(string name, FileElementType type, string dtype, long[] shape, long byteLength)
    {
        Name = name;
        Type = type;
        DType = dtype;
        Shape = shape;
        ByteLength = byteLength;
    }

    /// <summary>The tensor's name, as in the file.</summary>
    public string Name { get; }

    /// <summary>Element type.</summary>
    public FileElementType Type { get; }

    /// <summary>Element type as the file writes it: <c>BF16</c>, <c>&lt;f4</c>.</summary>
    public string DType { get; }

    /// <summary>Extents, outermost first; empty for a scalar, and an extent may be 0.</summary>
    public long[] Shape { get; }

    /// <summary>Length of the data in bytes.</summary>
    public long ByteLength { get; }

    /// <summary>Element type in the kernels' words, or nothing for what the kernels do not take.</summary>
    public ElementType? ElementType => Type.ToElementType();

    /// <summary>Number of elements; 1 for a scalar.</summary>
    public long ElementCount => Shape.Aggregate(1L, (product, extent) => product * extent);

    /// <summary>Elements in a row: the innermost extent; 1 for a scalar.</summary>
    public long RowLength => Shape.Length == 0 ? 1 : Shape[^1];

    /// <summary>Rows: the product of all extents but the innermost; 1 for a scalar or a vector.</summary>
    public long RowCount => Shape.SkipLast(1).Aggregate(1L, (product, extent) => product * extent);

    /// <summary>The shape as messages show it: <c>[1, 8, 1024, 64]</c>.</summary>
    public string ShapeText => TensorShape.Text(Shape);

    /// <inheritdoc/>
    public override string ToString() => $"{Quoted.Name(Name)} {DType} {ShapeText}";
}
