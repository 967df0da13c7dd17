using System.Runtime.CompilerServices;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>Walks over what the groups of a block see of a span: a tile's keys after the other, for each one group after group.</summary>
/// <param name="block">The block.</param>
/// <param name="keys">Keys of the span.</param>
internal unsafe struct TileWalk(RowBlock block, int keys)
{
    private int _tile;
    private int _next;

    /// <summary>The group come to.</summary>
    public int Group { get; private set; }

    /// <summary>Its keys of the tile come to; never empty.</summary>
    public KeyRange Keys { get; private set; }

    /// <summary>Goes on to the next group that sees any of the tile's keys.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool MoveNext()
    {
        for (; _tile < keys; _tile += Blocking.TileKeys, _next = 0)
        {
            while (_next < block.Groups)
            {
                KeyRange seen = block.Seen(_next);
                Group = _next++;
                Keys = new KeyRange(Math.Max(_tile, seen.First), Math.Min(_tile + Blocking.TileKeys, seen.End));
                if (!Keys.IsEmpty)
                    return true;
            }
        }
        return false;
    }
}
