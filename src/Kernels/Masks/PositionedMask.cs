using System.Runtime.CompilerServices;
using Distributed.Kernels.Spans;

namespace Distributed.Kernels.Masks;

/// <summary>
/// A mask that asks only how a row's own position lies to a key. Rows that share an offset are classified together; where
/// a rectangle holds several runs of rows, their classes are put together, so that the answer stays exact.
/// </summary>
/// <param name="positions">Where the rows stand.</param>
public abstract class PositionedMask(QueryPositions positions) : IAttentionMask
{
    /// <inheritdoc/>
    public abstract string Description { get; }

    /// <inheritdoc/>
    public bool VariesByBatch => positions.VariesByBatch;

    /// <inheritdoc/>
    public bool ClassifiesAnySize => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public TileClass Classify(in MaskTile tile)
    {
        if (tile.Queries.Count == 0 || tile.Keys.Count == 0)
            return TileClass.Skip;
        bool anySkip = false, anyFull = false;
        long row = tile.Queries.Start;
        while (row < tile.Queries.End)
        {
            (long offset, long runEnd) = positions.RunAt(tile.Batch, row);
            long end = Math.Min(runEnd, tile.Queries.End);
            switch (Classify(row + offset, end - 1 + offset, tile.Keys.Start, tile.Keys.End - 1))
            {
                case TileClass.Partial:
                    return TileClass.Partial;
                case TileClass.Skip:
                    anySkip = true;
                    break;
                default:
                    anyFull = true;
                    break;
            }
            row = end;
        }
        return !anySkip ? TileClass.Full : anyFull ? TileClass.Partial : TileClass.Skip;
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(in MaskTile tile, MaskWords words)
    {
        long row = tile.Queries.Start;
        while (row < tile.Queries.End)
        {
            (long offset, long runEnd) = positions.RunAt(tile.Batch, row);
            for (long end = Math.Min(runEnd, tile.Queries.End); row < end; row++)
                Apply((int)(row - tile.Queries.Start), row + offset, tile.Keys, words);
        }
    }

    /// <summary>What is left of rows at consecutive positions on consecutive keys; all ends are included.</summary>
    private protected abstract TileClass Classify(long firstPosition, long lastPosition, long firstKey, long lastKey);

    /// <summary>Clears the keys that the row at <paramref name="position"/> must not see.</summary>
    private protected abstract void Apply(int row, long position, RowRange keys, MaskWords words);
}
