namespace Distributed.Engine.Pictures;

/// <summary>The colours of a picture, when they are few enough to be numbered by a byte.</summary>
internal sealed class Palette
{
    private const int MostColours = 256;

    private readonly Dictionary<Rgb, byte> _indexes = [];

    private Palette()
    {
    }

    /// <summary>Red, green and blue of each colour.</summary>
    public byte[] Bytes =>
        _indexes.OrderBy(entry => entry.Value).SelectMany(entry => new[] { entry.Key.R, entry.Key.G, entry.Key.B }).ToArray();

    /// <summary>The colours of a picture; null if they are more than 256.</summary>
    public static Palette? Of(Raster picture)
    {
        var palette = new Palette();
        for (int y = 0; y < picture.Height; y++)
        {
            for (int x = 0; x < picture.Width; x++)
            {
                if (palette._indexes.TryAdd(picture[x, y], (byte)palette._indexes.Count)
                    && palette._indexes.Count > MostColours)
                {
                    return null;
                }
            }
        }
        return palette;
    }

    /// <summary>The number of a colour that the picture has.</summary>
    public byte IndexOf(Rgb colour) => _indexes[colour];
}
