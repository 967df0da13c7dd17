namespace Distributed.Engine.Ring;

/// <summary>The way of a block round the ring: its own tile first, then leftwards, and its own again at the end.</summary>
public static class TileWalk
{
    /// <summary>The first tile on the way that is wanted; null when none is.</summary>
    /// <param name="blocks">Blocks in the ring.</param>
    /// <param name="own">The block that walks.</param>
    /// <param name="after">The tile it has been at last; null before the first.</param>
    /// <param name="wanted">Whether it wants a tile.</param>
    public static int? First(int blocks, int own, int? after, Func<int, bool> wanted)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        int start = after is { } last ? last - 1 + blocks : own;
        for (int step = 0; step < blocks; step++)
        {
            int tile = (start - step + 2 * blocks) % blocks;
            if (wanted(tile))
                return tile;
        }
        return null;
    }
}
