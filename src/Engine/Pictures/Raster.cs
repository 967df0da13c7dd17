namespace Distributed.Engine.Pictures;

/// <summary>A colour of 8 bits each.</summary>
/// <param name="R">Red.</param>
/// <param name="G">Green.</param>
/// <param name="B">Blue.</param>
public readonly record struct Rgb(byte R, byte G, byte B)
{
    /// <summary>Black.</summary>
    public static Rgb Black { get; } = new(0, 0, 0);

    /// <summary>White.</summary>
    public static Rgb White { get; } = new(255, 255, 255);
}

/// <summary>A picture in memory, row after row from the top left.</summary>
public sealed class Raster
{
    private readonly byte[] _bytes;

    /// <summary>A white picture.</summary>
    /// <param name="width">Pixels across.</param>
    /// <param name="height">Pixels down.</param>
    public Raster(int width, int height)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        Width = width;
        Height = height;
        _bytes = new byte[checked(width * height * 3)];
        _bytes.AsSpan().Fill(255);
    }

    /// <summary>Pixels across.</summary>
    public int Width { get; }

    /// <summary>Pixels down.</summary>
    public int Height { get; }

    /// <summary>The colour of a pixel. Setting one outside the picture does nothing.</summary>
    public Rgb this[int x, int y]
    {
        get
        {
            int at = (y * Width + x) * 3;
            return new Rgb(_bytes[at], _bytes[at + 1], _bytes[at + 2]);
        }
        set
        {
            if ((uint)x >= (uint)Width || (uint)y >= (uint)Height)
                return;
            int at = (y * Width + x) * 3;
            (_bytes[at], _bytes[at + 1], _bytes[at + 2]) = (value.R, value.G, value.B);
        }
    }

    /// <summary>Red, green and blue of each pixel of a row.</summary>
    public ReadOnlySpan<byte> Row(int y) => _bytes.AsSpan(y * Width * 3, Width * 3);

    /// <summary>Fills a rectangle.</summary>
    public void Fill(int x, int y, int width, int height, Rgb colour)
    {
        for (int row = y; row < y + height; row++)
        {
            for (int column = x; column < x + width; column++)
                this[column, row] = colour;
        }
    }

    /// <summary>Draws the one-pixel outline of a rectangle.</summary>
    public void Frame(int x, int y, int width, int height, Rgb colour)
    {
        Fill(x, y, width, 1, colour);
        Fill(x, y + height - 1, width, 1, colour);
        Fill(x, y, 1, height, colour);
        Fill(x + width - 1, y, 1, height, colour);
    }
}
