using System.Buffers.Binary;
using Distributed.Engine.Checksums;
using Distributed.Engine.Tiles;

namespace Distributed.Grains.Tiles;

/// <summary>
/// The bytes on a tile stream, little-endian. A request: mark, role, job (16 bytes), attempt, block, part, steps, CRC-32C of
/// all before it. An answer: mark, what it says (0: not here, 1: the part follows, 2: ask another), job, attempt, block, part,
/// the part's length or the block whose process is to be asked, CRC-32C of the header before it and of the part behind it.
/// </summary>
internal static class TileFrames
{
    public const int RequestBytes = 44;
    public const int AnswerBytes = 44;

    /// <summary>What an answer says.</summary>
    private const int NotHere = 0, Follows = 1, AskAnother = 2;

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
    /// <param name="answer">What is said.</param>
    /// <param name="bytes">The part; empty when it does not follow.</param>
    public static void WriteAnswer(Span<byte> to, TilePart part, TileAnswer answer, ReadOnlySpan<byte> bytes)
    {
        WriteHead(to, AnswerMark, answer.Has ? Follows : answer.Refers ? AskAnother : NotHere, part);
        BinaryPrimitives.WriteInt32LittleEndian(to[36..], answer.Has ? bytes.Length : Math.Max(answer.AskHomeOf, 0));
        BinaryPrimitives.WriteUInt32LittleEndian(to[40..], Crc32C.Append(Crc32C.Of(to[..40]), bytes));
    }

    public static (TilePart Part, TileAnswer Answer) ReadAnswer(ReadOnlySpan<byte> from)
    {
        (int says, TilePart part) = ReadHead(from, AnswerMark);
        int number = BinaryPrimitives.ReadInt32LittleEndian(from[36..]);
        return says switch
        {
            NotHere => (part, TileAnswer.NotHere),
            Follows when number is >= 0 and <= TileLayout.PartBytes => (part, TileAnswer.Gives(number)),
            AskAnother when number >= 0 => (part, TileAnswer.RefersTo(number)),
            _ => throw new InvalidDataException(
                $"An answer says {says} with {number}; {NotHere} to {AskAnother} are expected, with a part of 0 to {TileLayout.PartBytes} bytes or a block."),
        };
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
