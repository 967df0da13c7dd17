using System.Runtime.CompilerServices;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>Walks over what the groups of a block see of a span: chunk after chunk of keys, in each one group after group.</summary>
/// <param name="block">The block.</param>
/// <param name="keys">Keys of the span.</param>
internal unsafe struct ChunkWalk(RowBlock block, int keys)
{
    private int _chunk;
    private int _next;

    /// <summary>The group come to.</summary>
    public int Group { get; private set; }

    /// <summary>Its keys of the chunk come to; never empty.</summary>
    public KeyRange Keys { get; private set; }

    /// <summary>Goes on to the next group that sees any key of its chunk.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool MoveNext()
    {
        for (; _chunk < keys; _chunk += Arithmetic.ChunkKeys, _next = 0)
        {
            while (_next < block.Groups)
            {
                KeyRange seen = block.Seen[_next];
                Group = _next++;
                Keys = new KeyRange(Math.Max(_chunk, seen.First), Math.Min(_chunk + Arithmetic.ChunkKeys, seen.End));
                if (!Keys.IsEmpty)
                    return true;
            }
        }
        return false;
    }
}
