using Distributed.Engine.Pictures;

namespace Distributed.Engine.Atlas;

/// <summary>From weights to colours.</summary>
/// <param name="Logarithmic">Whether decades, and not differences, are equally far apart.</param>
/// <param name="Low">The weight that has the darkest colour; above 0 if logarithmic.</param>
/// <param name="High">The weight that has the lightest colour; above the lowest.</param>
public readonly record struct TileColours(bool Logarithmic, double Low, double High)
{
    /// <summary>Checks the range.</summary>
    /// <exception cref="InputException">It is none.</exception>
    public void Validate()
    {
        if (!double.IsFinite(Low) || !double.IsFinite(High) || Low >= High || Low < 0 || (Logarithmic && Low == 0))
            throw new InputException($"Colours from {Low} to {High} have no range; {(Logarithmic ? "0 < low < high" : "0 ≤ low < high")} is expected.");
    }

    /// <summary>Where a weight stands, 0 to 1.</summary>
    public double Position(float weight) => Logarithmic
        ? weight > 0 ? Math.Clamp((Math.Log10(weight) - Math.Log10(Low)) / (Math.Log10(High) - Math.Log10(Low)), 0, 1) : 0
        : Math.Clamp((weight - Low) / (High - Low), 0, 1);

    /// <summary>Draws a tile, a pixel to a cell.</summary>
    public Raster Draw(AtlasTile tile, AtlasPooling pooling)
    {
        ArgumentNullException.ThrowIfNull(tile);
        Validate();
        var picture = new Raster(AtlasGeometry.TileCells, AtlasGeometry.TileCells);
        float[] values = tile[pooling];
        for (int cell = 0; cell < values.Length; cell++)
            picture[cell % AtlasGeometry.TileCells, cell / AtlasGeometry.TileCells] = ColourMap.At(Position(values[cell]));
        return picture;
    }
}
