using System.Runtime.CompilerServices;
using Distributed.Kernels.Spans;

namespace Distributed.Kernels.Masks;

/// <summary>
/// A band along a diagonal: a row at position <c>p</c> sees the keys from <c>p − left</c> to <c>p + right</c>, both
/// included. Causal attention is a band with no left bound and right = 0, a sliding window has both.
/// </summary>
/// <param name="description">The mask in one short phrase for people.</param>
/// <param name="positions">Where the rows stand.</param>
/// <param name="left">Keys seen left of a row's own position; negative = all of them.</param>
/// <param name="right">Keys seen right of a row's own position; negative = all of them.</param>
public sealed class BandMask(string description, QueryPositions positions, long left, long right)
    : PositionedMask(positions)
{
    /// <inheritdoc/>
    public override string Description => description;

    /// <summary>Causal attention: no key right of the row's own position.</summary>
    public static BandMask Causal(string alignment, QueryPositions positions) =>
        new($"causal ({alignment})", positions, -1, 0);

    /// <summary>Causal attention where row <c>i</c> stands at key <c>i + offset</c>.</summary>
    public static BandMask Causal(string alignment, long offset) => Causal(alignment, QueryPositions.At(offset));

    /// <summary>A sliding window of <paramref name="left"/> keys before and <paramref name="right"/> keys behind.</summary>
    public static BandMask Window(QueryPositions positions, long left, long right) =>
        new($"window ({left}, {right})", positions, left, right);

    /// <summary>A sliding window where row <c>i</c> stands at key <c>i + offset</c>.</summary>
    public static BandMask Window(long offset, long left, long right) => Window(QueryPositions.At(offset), left, right);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private protected override TileClass Classify(long firstPosition, long lastPosition, long firstKey, long lastKey)
    {
        // The band's edges move right by one key per row, so a corner of the rectangle decides each question.
        bool leftOf = right >= 0 && firstKey > lastPosition + right;
        bool rightOf = left >= 0 && lastKey < firstPosition - left;
        if (leftOf || rightOf)
            return TileClass.Skip;
        bool whole = (right < 0 || lastKey <= firstPosition + right) && (left < 0 || firstKey >= lastPosition - left);
        return whole ? TileClass.Full : TileClass.Partial;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private protected override void Apply(int row, long position, RowRange keys, MaskWords words) => words.KeepRange(
        row,
        left < 0 ? 0 : position - left - keys.Start,
        right < 0 ? keys.Count : position + right + 1 - keys.Start);
}
