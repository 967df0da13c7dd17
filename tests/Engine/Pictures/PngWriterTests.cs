using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Distributed.Engine.Pictures;

namespace Distributed.Engine.Tests.Pictures;

public class PngWriterTests
{
    [Theory]
    [InlineData(30, 10)]
    [InlineData(70, 31)]
    [InlineData(300, 200)]
    public void Another_reader_finds_the_same_pixels(int width, int height)
    {
        var random = new Random(width);
        var picture = new Raster(width, height);
        for (int i = 0; i < width * height; i++)
            picture[i % width, i / width] = new Rgb((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
        using var file = new MemoryStream();

        PngWriter.Write(picture, file, ("Title", "a test"));

        Dictionary<string, byte[]> chunks = Chunks(file.ToArray());
        Assert.Equal(width, BinaryPrimitives.ReadInt32BigEndian(chunks["IHDR"]));
        Assert.Equal(height, BinaryPrimitives.ReadInt32BigEndian(chunks["IHDR"].AsSpan(4)));
        Assert.Equal("Title\0a test", Encoding.Latin1.GetString(chunks["tEXt"]));
        byte[] pixels = Unfilter(chunks["IDAT"], width * 3, height);
        for (int y = 0; y < height; y++)
            Assert.True(picture.Row(y).SequenceEqual(pixels.AsSpan(y * width * 3, width * 3)), $"Row {y} differs.");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(256)]
    [InlineData(257)]
    public void Up_to_256_colours_are_numbered(int colours)
    {
        var picture = new Raster(60, 40);
        for (int i = 0; i < 60 * 40; i++)
            picture[i % 60, i / 60] = new Rgb((byte)(i % colours), (byte)(i % colours / 256), 7);
        using var file = new MemoryStream();

        PngWriter.Write(picture, file);

        Dictionary<string, byte[]> chunks = Chunks(file.ToArray());
        Assert.Equal(colours > 256 ? 2 : 3, chunks["IHDR"][9]);
        if (colours > 256)
            return;
        byte[] palette = chunks["PLTE"], indexes = Unfilter(chunks["IDAT"], 60, 40);
        Assert.Equal(colours * 3, palette.Length);
        for (int i = 0; i < indexes.Length; i++)
        {
            int at = indexes[i] * 3;
            Assert.Equal(picture[i % 60, i / 60], new Rgb(palette[at], palette[at + 1], palette[at + 2]));
        }
    }

    // Written from the PNG specification, with the checksum taken bit by bit.
    private static Dictionary<string, byte[]> Chunks(byte[] file)
    {
        Assert.Equal("\u0089PNG\r\n\u001a\n", Encoding.Latin1.GetString(file, 0, 8));
        var chunks = new Dictionary<string, byte[]>();
        for (int at = 8; at < file.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at));
            chunks.Add(Encoding.ASCII.GetString(file, at + 4, 4), file[(at + 8)..(at + 8 + length)]);
            uint crc = uint.MaxValue;
            foreach (byte b in file.AsSpan(at + 4, length + 4))
            {
                crc ^= b;
                for (int bit = 0; bit < 8; bit++)
                    crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            }
            Assert.Equal(~crc, BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at + 8 + length)));
            at += length + 12;
        }
        Assert.Equal("IEND", chunks.Keys.Last());
        return chunks;
    }

    private static byte[] Unfilter(byte[] compressed, int rowBytes, int rows)
    {
        using var zlib = new ZLibStream(new MemoryStream(compressed), CompressionMode.Decompress);
        using var raw = new MemoryStream();
        zlib.CopyTo(raw);
        byte[] bytes = raw.ToArray();
        Assert.Equal((rowBytes + 1) * rows, bytes.Length);
        var pixels = new byte[rowBytes * rows];
        for (int y = 0; y < rows; y++)
        {
            int filter = bytes[y * (rowBytes + 1)];
            Assert.True(filter is 0 or 2, $"Filter {filter} of row {y} is neither none nor up.");
            for (int i = 0; i < rowBytes; i++)
            {
                byte above = filter == 2 && y > 0 ? pixels[(y - 1) * rowBytes + i] : (byte)0;
                pixels[y * rowBytes + i] = (byte)(bytes[y * (rowBytes + 1) + 1 + i] + above);
            }
        }
        return pixels;
    }
}
