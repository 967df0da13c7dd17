using System.Buffers.Binary;
using System.Text;

namespace Distributed.Telemetry.Tests.Received;

/// <summary>Reads fields of protobuf messages, as far as that is needed to look into OTLP.</summary>
internal static class Protobuf
{
    private const int Fixed64 = 1, Delimited = 2, Fixed32 = 5;

    /// <summary>The messages, texts or packed lists of a number, in their order.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Fields(ReadOnlyMemory<byte> message, int number) =>
        from field in Read(message) where field.Number == number && field.Type == Delimited select field.Value;

    /// <summary>The first of them; empty when there is none.</summary>
    public static ReadOnlyMemory<byte> Field(ReadOnlyMemory<byte> message, int number) => Fields(message, number).FirstOrDefault();

    public static string Text(ReadOnlyMemory<byte> message, int number) => Encoding.UTF8.GetString(Field(message, number).Span);

    /// <summary>Eight bytes as an integer; null when the field is not there.</summary>
    public static long? Long(ReadOnlyMemory<byte> message, int number) => Read(message)
        .Where(field => field.Number == number && field.Type == Fixed64)
        .Select(field => (long?)BinaryPrimitives.ReadInt64LittleEndian(field.Value.Span)).FirstOrDefault();

    /// <summary>Eight bytes as a floating-point number; null when the field is not there.</summary>
    public static double? Double(ReadOnlyMemory<byte> message, int number) =>
        Long(message, number) is { } bits ? BitConverter.Int64BitsToDouble(bits) : null;

    /// <summary>A number of variable length; 0 when the field is not there.</summary>
    public static long Whole(ReadOnlyMemory<byte> message, int number)
    {
        ReadOnlyMemory<byte> bytes = Read(message).FirstOrDefault(field => field.Number == number && field.Type == 0).Value;
        int at = 0;
        return bytes.IsEmpty ? 0 : (long)Varint(bytes.Span, ref at);
    }

    /// <summary>A packed list of eight-byte numbers.</summary>
    public static long[] Longs(ReadOnlyMemory<byte> message, int number)
    {
        ReadOnlyMemory<byte> packed = Field(message, number);
        return [.. Enumerable.Range(0, packed.Length / 8).Select(i => BinaryPrimitives.ReadInt64LittleEndian(packed.Span[(8 * i)..]))];
    }

    private static IEnumerable<(int Number, int Type, ReadOnlyMemory<byte> Value)> Read(ReadOnlyMemory<byte> message)
    {
        for (int at = 0; at < message.Length;)
        {
            ulong tag = Varint(message.Span, ref at);
            int type = (int)(tag & 7);
            int length = type switch
            {
                0 => LengthOfVarint(message.Span, at),
                Fixed64 => 8,
                Fixed32 => 4,
                Delimited => (int)Varint(message.Span, ref at),
                _ => throw new InvalidDataException($"Wire type {type} is not known."),
            };
            yield return ((int)(tag >> 3), type, message.Slice(at, length));
            at += length;
        }
    }

    private static int LengthOfVarint(ReadOnlySpan<byte> bytes, int at)
    {
        int end = at;
        Varint(bytes, ref end);
        return end - at;
    }

    private static ulong Varint(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte next = bytes[at++];
            value |= (ulong)(next & 127) << shift;
            if (next < 128)
                return value;
        }
    }
}
