using Distributed.Kernels.Spans;

namespace Distributed.Kernels.Masks;

/// <summary>
/// Causal attention with a prefix that every row sees whole (prefix-LM: Raffel et al., "Exploring the Limits of Transfer
/// Learning", 2020, section 3.2.1): a row at position <c>p</c> sees the keys up to <c>max(p, prefix − 1)</c>.
/// </summary>
/// <param name="alignment">The causal alignment, for people.</param>
/// <param name="positions">Where the rows stand.</param>
/// <param name="prefix">Keys in the prefix.</param>
public sealed class PrefixMask(string alignment, QueryPositions positions, long prefix) : PositionedMask(positions)
{
    /// <inheritdoc/>
    public override string Description => $"causal ({alignment}) behind a prefix of {prefix}";

    private protected override TileClass Classify(long firstPosition, long lastPosition, long firstKey, long lastKey)
    {
        if (firstKey > LastSeen(lastPosition))
            return TileClass.Skip;
        return lastKey <= LastSeen(firstPosition) ? TileClass.Full : TileClass.Partial;
    }

    private protected override void Apply(int row, long position, RowRange keys, MaskWords words) =>
        words.KeepRange(row, 0, LastSeen(position) + 1 - keys.Start);

    private long LastSeen(long position) => Math.Max(position, prefix - 1);
}
