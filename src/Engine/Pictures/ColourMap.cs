namespace Distributed.Engine.Pictures;

/// <summary>
/// From dark to light through purple, red and orange, each step looking as large as the last: lightness grows steadily, so
/// that the order of values can be read without a legend and in grey.
/// </summary>
public static class ColourMap
{
    // So that a picture and its labels stay within the 256 colours of a PNG with a palette, a third the size of one without.
    /// <summary>How many colours there are.</summary>
    public const int Shades = 240;

    // Anchors spaced evenly from 0 to 1; between them colours are interpolated.
    private static readonly Rgb[] Anchors =
    [
        new(4, 5, 18), new(23, 15, 61), new(54, 16, 106), new(86, 22, 124), new(118, 35, 127), new(151, 46, 125),
        new(184, 57, 118), new(214, 72, 105), new(238, 96, 93), new(250, 131, 97), new(254, 167, 116), new(254, 204, 147),
        new(252, 240, 188), new(255, 255, 229),
    ];

    /// <summary>The colour of a value; values outside 0 to 1 have the colour of the nearer end.</summary>
    public static Rgb At(double value)
    {
        double shade = Math.Round(Math.Clamp(double.IsNaN(value) ? 0 : value, 0, 1) * (Shades - 1)) / (Shades - 1);
        double position = shade * (Anchors.Length - 1);
        int below = Math.Min((int)position, Anchors.Length - 2);
        double share = position - below;
        Rgb a = Anchors[below], b = Anchors[below + 1];
        return new Rgb(Mix(a.R, b.R, share), Mix(a.G, b.G, share), Mix(a.B, b.B, share));
    }

    private static byte Mix(byte a, byte b, double share) => (byte)Math.Round(a + (b - a) * share);
}
