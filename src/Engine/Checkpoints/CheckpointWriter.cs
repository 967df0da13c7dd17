using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Distributed.Engine.Checksums;

namespace Distributed.Engine.Checkpoints;

/// <summary>Writes little-endian numbers and keeps their checksum.</summary>
/// <param name="stream">Takes the bytes.</param>
public sealed class CheckpointWriter(Stream stream)
{
    private uint _checksum;

    /// <summary>Writes a number.</summary>
    public void Write(int number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        Write(bytes);
    }

    /// <summary>Writes a number.</summary>
    public void Write(long number)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, number);
        Write(bytes);
    }

    /// <summary>Writes numbers.</summary>
    public void Write(ReadOnlySpan<float> numbers) => Write(MemoryMarshal.AsBytes(numbers));

    /// <summary>Writes bytes.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        _checksum = Crc32C.Append(_checksum, bytes);
        stream.Write(bytes);
    }

    /// <summary>Writes the checksum of all that was written before it.</summary>
    public void End()
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, _checksum);
        stream.Write(bytes);
    }
}
