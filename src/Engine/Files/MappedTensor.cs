using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;

namespace Distributed.Engine.Files;

/// <summary>
/// A tensor where it lies in a mapped file. It is valid until its <see cref="TensorFile"/> is disposed, and so are the
/// addresses it gives out: keep the file until the last reader of them is done. A row is the innermost extent of the
/// shape; rows are counted over all outer extents, row-major. In a safetensors file the data may start at any byte, so an
/// address need not be a multiple of the element's size.
/// </summary>
public sealed unsafe class MappedTensor
{
    private readonly MappedFile _file;
    private readonly long _offset;

    internal MappedTensor(TensorInfo info, MappedFile file, long offset)
    {
        Info = info;
        _file = file;
        _offset = offset;
    }

    /// <summary>Name, type and shape.</summary>
    public TensorInfo Info { get; }

    /// <summary>Address of the first byte; of no use when the tensor is empty.</summary>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public nint Start => (nint)(_file.Start + _offset);

    /// <summary>
    /// Rows <paramref name="firstRow"/>, <paramref name="firstRow"/> + <paramref name="rowStep"/>, … in the kernels'
    /// words, not copied. A head of <c>[batch, heads, rows, dim]</c> has step 1, one of <c>[batch, rows, heads, dim]</c>
    /// has as step the number of heads.
    /// </summary>
    /// <param name="firstRow">First row, counted over all outer extents.</param>
    /// <param name="count">Rows wanted.</param>
    /// <param name="rowStep">Rows of the tensor from one wanted row to the next.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not all of the rows are in the tensor.</exception>
    /// <exception cref="InvalidOperationException">The element type is none the kernels take.</exception>
    public TensorRows Rows(long firstRow, int count, long rowStep = 1)
    {
        ElementType type = Info.ElementType
            ?? throw new InvalidOperationException($"The kernels do not take the elements of {Info}.");
        RowRange.Check(Info.RowCount, firstRow, count, rowStep);
        long rowBytes = Info.RowLength * type.SizeInBytes();
        return new TensorRows(
            Start + (nint)(firstRow * rowBytes), type, (nint)(rowStep * rowBytes), count, checked((int)Info.RowLength));
    }

    /// <summary>Bytes of the data, where they lie.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not all of them are in the tensor.</exception>
    public ReadOnlySpan<byte> Bytes(long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Info.ByteLength - length);
        return _file.Bytes(_offset + offset, length);
    }

    /// <summary>Copies elements of an F32, F16 or BF16 tensor, widened to F32 (exactly).</summary>
    /// <param name="firstElement">First element, row-major.</param>
    /// <param name="destination">Takes as many elements as it is long.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not all of the elements are in the tensor.</exception>
    /// <exception cref="InvalidOperationException">The tensor has another element type.</exception>
    public void ReadF32(long firstElement, Span<float> destination)
    {
        ElementType type = Info.ElementType
            ?? throw new InvalidOperationException($"{Info} does not hold F32, F16 or BF16 elements.");
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstElement, Info.ElementCount - destination.Length);
        int size = type.SizeInBytes();
        ReadOnlySpan<byte> source = Bytes(checked(firstElement * size), checked(destination.Length * size));
        switch (type)
        {
            case ElementType.F32:
                source.CopyTo(MemoryMarshal.AsBytes(destination));
                break;
            case ElementType.F16:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(source), destination);
                break;
            default:
                for (int i = 0; i < destination.Length; i++)
                {
                    uint upper = BinaryPrimitives.ReadUInt16LittleEndian(source[(2 * i)..]);
                    destination[i] = BitConverter.UInt32BitsToSingle(upper << 16);
                }
                break;
        }
    }

    /// <summary>Copies all elements of a BOOL or whole-number tensor, widened to 64 bits.</summary>
    /// <exception cref="InvalidOperationException">
    /// The tensor has another element type, a U64 element above the largest I64, or more elements than an array holds.
    /// </exception>
    public long[] ReadI64()
    {
        if (Info.ElementCount > Array.MaxLength)
            throw new InvalidOperationException($"{Info} has more elements than an array holds.");
        var values = new long[Info.ElementCount];
        int size = Info.Type.SizeInBits() / 8;
        for (int i = 0; i < values.Length; i++)
            values[i] = Whole(Bytes((long)i * size, size));
        return values;
    }

    private long Whole(ReadOnlySpan<byte> element)
    {
        switch (Info.Type)
        {
            case FileElementType.Bool:
                return element[0] == 0 ? 0 : 1;
            case FileElementType.U8:
                return element[0];
            case FileElementType.I8:
                return (sbyte)element[0];
            case FileElementType.U16:
                return BinaryPrimitives.ReadUInt16LittleEndian(element);
            case FileElementType.I16:
                return BinaryPrimitives.ReadInt16LittleEndian(element);
            case FileElementType.U32:
                return BinaryPrimitives.ReadUInt32LittleEndian(element);
            case FileElementType.I32:
                return BinaryPrimitives.ReadInt32LittleEndian(element);
            case FileElementType.I64:
                return BinaryPrimitives.ReadInt64LittleEndian(element);
            case FileElementType.U64:
                ulong value = BinaryPrimitives.ReadUInt64LittleEndian(element);
                return value <= long.MaxValue
                    ? (long)value
                    : throw new InvalidOperationException($"{Info} holds {value}, which no I64 can hold.");
            default:
                throw new InvalidOperationException($"{Info} does not hold whole numbers.");
        }
    }
}
