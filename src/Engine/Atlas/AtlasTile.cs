using System.Numerics.Tensors;

namespace Distributed.Engine.Atlas;

/// <summary>
/// One tile of the pyramid: mean and largest weight of its cells, <c>[256, 256]</c> each, row after row. A key that a row does
/// not see counts as a weight of 0; cells outside the matrix are 0.
/// </summary>
public sealed class AtlasTile
{
    private const int Cells = AtlasGeometry.TileCells;

    /// <summary>Bytes that a tile takes.</summary>
    public const long Bytes = 2L * Cells * Cells * sizeof(float);

    /// <summary>A tile of zeros.</summary>
    public static AtlasTile Empty { get; } = new();

    /// <summary>Mean weights.</summary>
    public float[] Mean { get; } = new float[Cells * Cells];

    /// <summary>Largest weights.</summary>
    public float[] Max { get; } = new float[Cells * Cells];

    /// <summary>The values by name.</summary>
    public float[] this[AtlasPooling pooling] => pooling == AtlasPooling.Mean ? Mean : Max;

    /// <summary>Adds to some cells of a row. Until <see cref="Average"/>, <see cref="Mean"/> holds sums.</summary>
    internal void Add(int cell, ReadOnlySpan<float> max, ReadOnlySpan<float> sum)
    {
        Span<float> maxima = Max.AsSpan(cell, max.Length), sums = Mean.AsSpan(cell, sum.Length);
        TensorPrimitives.Max(maxima, max, maxima);
        TensorPrimitives.Add(sums, sum, sums);
    }

    /// <summary>Makes means of sums; cells at the matrix's edges stand for fewer weights.</summary>
    internal void Average(AtlasGeometry geometry, int level, int x, int y)
    {
        if (IsWhole(geometry, level, x, y))
        {
            TensorPrimitives.Multiply(Mean, 1f / (1L << 2 * level), Mean);
            return;
        }
        for (int cell = 0; cell < Mean.Length; cell++)
        {
            long count = Extent(geometry.Rows, level, (long)y * Cells + cell / Cells) * Extent(geometry.Keys, level, (long)x * Cells + cell % Cells);
            if (count > 0)
                Mean[cell] = (float)(Mean[cell] / (double)count);
        }
    }

    /// <summary>Whether all of a tile lies in the matrix, so that all its cells stand for equally many weights.</summary>
    internal static bool IsWhole(AtlasGeometry geometry, int level, int x, int y) =>
        (x + 1) * AtlasGeometry.TileSpan(level) <= geometry.Keys && (y + 1) * AtlasGeometry.TileSpan(level) <= geometry.Rows;

    /// <summary>Rows or keys that a cell stands for.</summary>
    internal static long Extent(long all, int level, long cell) => Math.Clamp(all - (cell << level), 0, 1L << level);
}

/// <summary>How a cell stands for its weights.</summary>
public enum AtlasPooling
{
    /// <summary>By their mean.</summary>
    Mean,

    /// <summary>By the largest.</summary>
    Max,
}
