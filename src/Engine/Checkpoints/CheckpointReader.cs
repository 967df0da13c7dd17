using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Distributed.Engine.Checksums;

namespace Distributed.Engine.Checkpoints;

/// <summary>Reads what <see cref="CheckpointWriter"/> wrote. What it gives may be used only after <see cref="End"/>.</summary>
/// <param name="stream">Gives the bytes.</param>
public sealed class CheckpointReader(Stream stream)
{
    private uint _checksum;

    /// <summary>
    /// Checks the checksum of all that a stream has from here on, and goes back: for what cannot be undone once it was taken.
    /// </summary>
    /// <exception cref="InvalidDataException">The checkpoint is damaged.</exception>
    /// <exception cref="EndOfStreamException">The checkpoint is cut off.</exception>
    public static void Verify(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        long start = stream.Position;
        var reader = new CheckpointReader(stream);
        var part = new byte[1 << 20];
        for (long left = stream.Length - start - sizeof(uint); left > 0; left -= part.Length)
            reader.Read(part.AsSpan(0, (int)Math.Min(part.Length, left)));
        reader.End();
        stream.Position = start;
    }

    /// <summary>Reads a number.</summary>
    /// <exception cref="EndOfStreamException">The checkpoint is cut off.</exception>
    public int ReadInt32()
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        Read(bytes);
        return BinaryPrimitives.ReadInt32LittleEndian(bytes);
    }

    /// <summary>Reads a number.</summary>
    /// <exception cref="EndOfStreamException">The checkpoint is cut off.</exception>
    public long ReadInt64()
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        Read(bytes);
        return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }

    /// <summary>Reads numbers.</summary>
    /// <exception cref="EndOfStreamException">The checkpoint is cut off.</exception>
    public void Read(Span<float> numbers) => Read(MemoryMarshal.AsBytes(numbers));

    /// <summary>Reads bytes.</summary>
    /// <exception cref="EndOfStreamException">The checkpoint is cut off.</exception>
    public void Read(Span<byte> bytes)
    {
        stream.ReadExactly(bytes);
        _checksum = Crc32C.Append(_checksum, bytes);
    }

    /// <summary>Reads a number that must be the given one.</summary>
    /// <exception cref="InvalidDataException">It is another.</exception>
    public void Expect(int expected, string what)
    {
        if (ReadInt32() is var found && found != expected)
            throw new InvalidDataException($"The checkpoint has {what} {found}; {expected} is expected.");
    }

    /// <summary>Reads a number that must be the given one.</summary>
    /// <exception cref="InvalidDataException">It is another.</exception>
    public void Expect(long expected, string what)
    {
        if (ReadInt64() is var found && found != expected)
            throw new InvalidDataException($"The checkpoint has {what} {found}; {expected} is expected.");
    }

    /// <summary>Checks the checksum of all that was read, and that nothing follows it.</summary>
    /// <exception cref="InvalidDataException">The checkpoint is damaged.</exception>
    /// <exception cref="EndOfStreamException">The checkpoint is cut off.</exception>
    public void End()
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        stream.ReadExactly(bytes);
        uint found = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (found != _checksum)
            throw new InvalidDataException($"The checkpoint's checksum is {found:x8}, but its content has {_checksum:x8}.");
        if (stream.ReadByte() >= 0)
            throw new InvalidDataException("The checkpoint has bytes behind its checksum.");
    }
}
