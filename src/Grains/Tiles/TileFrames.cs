using System.Buffers.Binary;
using Distributed.Engine.Checksums;
using Distributed.Engine.Tiles;

namespace Distributed.Grains.Tiles;

/// <summary>
/// The bytes on a tile stream, little-endian. A request: mark, role, job (16 bytes), attempt, block, part, steps, CRC-32C of
/// all before it. An answer: mark, whether the part follows, job, attempt, block, part, length, CRC-32C of the header before
/// it and of the part behind it.
/// </summary>
internal static class TileFrames
{
    public const int RequestBytes = 44;
    public const int AnswerBytes = 44;

    private const uint RequestMark = 0x51525454; // "TTRQ"
    private const uint AnswerMark = 0x4e415454; // "TTAN"

    public static void WriteRequest(Span<byte> to, TilePart part, TileAsk ask)
    {
        WriteHead(to, RequestMark, (int)ask.Role, part);
        BinaryPrimitives.WriteInt32LittleEndian(to[36..], ask.Steps);
        BinaryPrimitives.WriteUInt32LittleEndian(to[40..], Crc32C.Of(to[..40]));
    }

    public static (TilePart Part, TileAsk Ask) ReadRequest(ReadOnlySpan<byte> from)
    {
        (int role, TilePart part) = ReadHead(from, RequestMark);
        if (BinaryPrimitives.ReadUInt32LittleEndian(from[40..]) != Crc32C.Of(from[..40]))
            throw new InvalidDataException("A request for a tile is damaged.");
        return (part, new TileAsk((TileRole)role, BinaryPrimitives.ReadInt32LittleEndian(from[36..])));
    }

    /// <summary>Writes the header of an answer.</summary>
    /// <param name="to">Takes <see cref="AnswerBytes"/> bytes.</param>
    /// <param name="part">The part.</param>
    /// <param name="has">Whether it follows.</param>
    /// <param name="bytes">The part; empty when it does not follow.</param>
    public static void WriteAnswer(Span<byte> to, TilePart part, bool has, ReadOnlySpan<byte> bytes)
    {
        WriteHead(to, AnswerMark, has ? 1 : 0, part);
        BinaryPrimitives.WriteInt32LittleEndian(to[36..], bytes.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(to[40..], Crc32C.Append(Crc32C.Of(to[..40]), bytes));
    }

    public static (TilePart Part, bool Has, int Length) ReadAnswer(ReadOnlySpan<byte> from)
    {
        (int has, TilePart part) = ReadHead(from, AnswerMark);
        int length = BinaryPrimitives.ReadInt32LittleEndian(from[36..]);
        if (length is < 0 or > TileLayout.PartBytes || has is not (0 or 1))
            throw new InvalidDataException($"An answer names a part of {length} bytes; 0 to {TileLayout.PartBytes} are expected.");
        return (part, has == 1, length);
    }

    /// <summary>Whether header and part are as they were sent.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> header, ReadOnlySpan<byte> bytes) =>
        BinaryPrimitives.ReadUInt32LittleEndian(header[40..]) == Crc32C.Append(Crc32C.Of(header[..40]), bytes);

    private static void WriteHead(Span<byte> to, uint mark, int flag, TilePart part)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, mark);
        BinaryPrimitives.WriteInt32LittleEndian(to[4..], flag);
        part.Job.TryWriteBytes(to[8..24]);
        BinaryPrimitives.WriteInt32LittleEndian(to[24..], part.Attempt);
        BinaryPrimitives.WriteInt32LittleEndian(to[28..], part.Block);
        BinaryPrimitives.WriteInt32LittleEndian(to[32..], part.Index);
    }

    private static (int Flag, TilePart Part) ReadHead(ReadOnlySpan<byte> from, uint mark)
    {
        uint found = BinaryPrimitives.ReadUInt32LittleEndian(from);
        if (found != mark)
            throw new InvalidDataException($"A frame begins with {found:x8}; {mark:x8} is expected.");
        return (
            BinaryPrimitives.ReadInt32LittleEndian(from[4..]),
            new TilePart(
                new Guid(from[8..24]), BinaryPrimitives.ReadInt32LittleEndian(from[24..]),
                BinaryPrimitives.ReadInt32LittleEndian(from[28..]), BinaryPrimitives.ReadInt32LittleEndian(from[32..])));
    }
}
