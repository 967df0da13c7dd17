using System.Runtime.InteropServices;
using Distributed.Engine.Files.Output;
using Distributed.Kernels.Numerics;

namespace Distributed.Engine.Files;

/// <summary>
/// Writes a tensor of a <see cref="TensorFileWriter"/> in place. Several threads may write at once, to different
/// elements. Once the file is committed or disposed every call throws <see cref="ObjectDisposedException"/>; a call that
/// has begun before is let through to its end.
/// </summary>
public sealed class TensorWriter
{
    private readonly OutputFile _file;
    private readonly long _start;

    internal TensorWriter(TensorInfo info, OutputFile file, long start)
    {
        Info = info;
        _file = file;
        _start = start;
    }

    /// <summary>Name, type and shape.</summary>
    public TensorInfo Info { get; }

    /// <summary>
    /// Writes whole rows (see <see cref="TensorInfo.RowLength"/>), rounded to the tensor's F32, F16 or BF16 elements: to
    /// nearest, ties to even, beyond the largest to infinity, NaN to NaN.
    /// </summary>
    /// <param name="firstRow">First row, counted over all outer extents.</param>
    /// <param name="rows">The rows, one behind the other.</param>
    /// <param name="rowStep">Rows of the tensor from one written row to the next: the heads of [batch, rows, heads, dim].</param>
    /// <exception cref="ArgumentException"><paramref name="rows"/> is not a whole number of rows.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Not all of the rows are in the tensor.</exception>
    /// <exception cref="InvalidOperationException">The tensor has another element type.</exception>
    public void WriteRows(long firstRow, ReadOnlySpan<float> rows, long rowStep = 1)
    {
        if (rows.IsEmpty)
            return;
        long length = Info.RowLength;
        if (length == 0 || rows.Length % length != 0)
            throw new ArgumentException($"{rows.Length} elements are no whole number of rows of {Info}.", nameof(rows));
        long count = rows.Length / length;
        RowRange.Check(Info.RowCount, firstRow, count, rowStep);
        if (rowStep == 1)
        {
            Write(firstRow * length, rows);
            return;
        }
        for (int i = 0; i < count; i++)
            Write((firstRow + i * rowStep) * length, rows.Slice(i * (int)length, (int)length));
    }

    /// <summary>Writes consecutive elements, rounded as <see cref="WriteRows"/> does.</summary>
    /// <param name="firstElement">First element, row-major.</param>
    /// <param name="elements">The elements.</param>
    /// <exception cref="ArgumentOutOfRangeException">Not all of them are in the tensor.</exception>
    /// <exception cref="InvalidOperationException">The tensor has another element type.</exception>
    public void Write(long firstElement, ReadOnlySpan<float> elements)
    {
        ElementType type = Info.ElementType
            ?? throw new InvalidOperationException($"{Info} does not hold F32, F16 or BF16 elements.");
        CheckElements(firstElement, elements.Length);
        if (type == ElementType.F32 && BitConverter.IsLittleEndian)
        {
            _file.Write(_start + firstElement * sizeof(float), MemoryMarshal.AsBytes(elements));
            return;
        }
        using OutputFile.Region region = _file.Rent(
            _start + firstElement * type.SizeInBytes(), checked(elements.Length * type.SizeInBytes()));
        ElementEncoder.Encode(elements, type, region.Bytes);
    }

    /// <summary>Writes consecutive elements of an I64 tensor.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not all of them are in the tensor.</exception>
    /// <exception cref="InvalidOperationException">The tensor has another element type.</exception>
    public void Write(long firstElement, ReadOnlySpan<long> elements)
    {
        if (Info.Type != FileElementType.I64)
            throw new InvalidOperationException($"{Info} does not hold I64 elements.");
        CheckElements(firstElement, elements.Length);
        WriteBytes(firstElement * sizeof(long), MemoryMarshal.AsBytes(elements));
    }

    /// <summary>Writes bytes of the data, as they are.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not all of them are in the tensor.</exception>
    public void WriteBytes(long offset, ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Info.ByteLength - bytes.Length);
        _file.Write(_start + offset, bytes);
    }

    private void CheckElements(long first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first, Info.ElementCount - count);
    }
}
