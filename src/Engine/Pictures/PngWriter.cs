using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Distributed.Engine.Checksums;

namespace Distributed.Engine.Pictures;

/// <summary>
/// Writes pictures as PNG (clauses 5, 9, 11): of up to 256 colours with a palette and rows as they are, of more as 8-bit RGB
/// with every row filtered by its difference to the row above.
/// </summary>
public static class PngWriter
{
    private const byte None = 0, Up = 2;
    private const byte TrueColour = 2, Indexed = 3;

    /// <summary>Writes a picture.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="to">Where to; it stays open.</param>
    /// <param name="texts">Keyword and text pairs to keep in the file, Latin-1; a keyword has 1 to 79 characters.</param>
    public static void Write(Raster picture, Stream to, params IEnumerable<(string Keyword, string Text)> texts)
    {
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentNullException.ThrowIfNull(to);
        to.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        Palette? palette = Palette.Of(picture);
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, picture.Width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), picture.Height);
        header[8] = 8; // bits of a sample
        header[9] = palette is null ? TrueColour : Indexed;
        Chunk(to, "IHDR"u8, header);
        foreach ((string keyword, string text) in texts)
            Chunk(to, "tEXt"u8, Encoding.Latin1.GetBytes($"{keyword}\0{text}"));
        if (palette is not null)
            Chunk(to, "PLTE"u8, palette.Bytes);
        Chunk(to, "IDAT"u8, palette is null ? Compressed(picture) : Compressed(picture, palette));
        Chunk(to, "IEND"u8, []);
    }

    private static byte[] Compressed(Raster picture)
    {
        using var memory = new MemoryStream();
        using (var zlib = new ZLibStream(memory, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            var line = new byte[1 + picture.Width * 3];
            line[0] = Up;
            for (int y = 0; y < picture.Height; y++)
            {
                ReadOnlySpan<byte> row = picture.Row(y);
                for (int i = 0; i < row.Length; i++)
                    line[i + 1] = (byte)(row[i] - (y == 0 ? 0 : picture.Row(y - 1)[i]));
                zlib.Write(line);
            }
        }
        return memory.ToArray();
    }

    private static byte[] Compressed(Raster picture, Palette palette)
    {
        using var memory = new MemoryStream();
        using (var zlib = new ZLibStream(memory, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            var line = new byte[1 + picture.Width];
            line[0] = None;
            for (int y = 0; y < picture.Height; y++)
            {
                for (int x = 0; x < picture.Width; x++)
                    line[x + 1] = palette.IndexOf(picture[x, y]);
                zlib.Write(line);
            }
        }
        return memory.ToArray();
    }

    private static void Chunk(Stream to, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        to.Write(number);
        to.Write(type);
        to.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, Crc32.Continue(Crc32.Continue(0, type), data));
        to.Write(number);
    }
}
