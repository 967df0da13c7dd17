using Distributed.Engine.Compute;
using Distributed.Engine.Tiles;

namespace Distributed.Engine.Ring;

/// <summary>Computes one block, tile by tile, and knows which tile it needs next.</summary>
public interface IBlockWorker
{
    /// <summary>
    /// The tile to pull next: the first that is needed, going leftwards round the ring from <paramref name="after"/>; the
    /// block's own comes first. Null when the block is finished.
    /// </summary>
    /// <param name="after">The tile absorbed last; null before the first.</param>
    int? NextTile(int? after);

    /// <summary>
    /// The tile that will be the next one once <paramref name="present"/> is absorbed, as far as that can be told before;
    /// null when none will.
    /// </summary>
    int? TileAfter(int present);

    /// <summary>Folds what the block needs of the tile.</summary>
    Task AbsorbAsync(IKeyValueTile tile, ICompute compute, CancellationToken cancellation);
}
