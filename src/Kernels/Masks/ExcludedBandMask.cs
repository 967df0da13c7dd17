using Distributed.Kernels.Spans;

namespace Distributed.Kernels.Masks;

/// <summary>
/// A band cut out along the diagonal: a row does not see keys at a distance of <c>radius</c> or less from its own
/// position. Document analysis uses it to keep a passage's own neighbourhood out of its strongest links.
/// </summary>
/// <param name="positions">Where the rows stand.</param>
/// <param name="radius">Largest excluded distance; 0 excludes the row's own position alone.</param>
public sealed class ExcludedBandMask(QueryPositions positions, long radius) : PositionedMask(positions)
{
    /// <summary>The band where row <c>i</c> stands at key <c>i + offset</c>.</summary>
    public ExcludedBandMask(long offset, long radius)
        : this(QueryPositions.At(offset), radius)
    {
    }

    /// <inheritdoc/>
    public override string Description => $"excluded band ({radius})";

    private protected override TileClass Classify(long firstPosition, long lastPosition, long firstKey, long lastKey)
    {
        if (lastKey < firstPosition - radius || firstKey > lastPosition + radius)
            return TileClass.Full;
        bool allCut = firstKey >= lastPosition - radius && lastKey <= firstPosition + radius;
        return allCut ? TileClass.Skip : TileClass.Partial;
    }

    private protected override void Apply(int row, long position, RowRange keys, MaskWords words) =>
        words.ClearRange(row, position - radius - keys.Start, position + radius + 1 - keys.Start);
}
