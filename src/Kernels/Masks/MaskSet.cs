using System.Runtime.CompilerServices;
using Distributed.Kernels.Spans;

namespace Distributed.Kernels.Masks;

/// <summary>The intersection of masks: a key is seen if every one of them lets it be seen. Without masks, all is.</summary>
/// <param name="masks">The masks, in any order.</param>
public sealed class MaskSet(params IReadOnlyList<IAttentionMask> masks) : IAttentionMask
{
    // An array is gone through without an enumerator; chunks of a span are asked for one by one.
    private readonly IAttentionMask[] _masks = [.. masks];

    /// <summary>The set without a mask.</summary>
    public static MaskSet None { get; } = new();

    /// <summary>The masks.</summary>
    public IReadOnlyList<IAttentionMask> Masks => _masks;

    /// <inheritdoc/>
    public string Description => _masks.Length == 0 ? "none" : string.Join(", ", _masks.Select(mask => mask.Description));

    /// <inheritdoc/>
    public bool VariesByBatch => _masks.Any(mask => mask.VariesByBatch);

    /// <inheritdoc/>
    public bool VariesByHead => _masks.Any(mask => mask.VariesByHead);

    /// <inheritdoc/>
    /// <remarks>Two partial masks are settled by looking at their words, which takes longer the larger the rectangle is.</remarks>
    public bool ClassifiesAnySize => _masks.Length == 0 || (_masks.Length == 1 && _masks[0].ClassifiesAnySize);

    /// <inheritdoc/>
    /// <remarks>
    /// Several partial masks can leave nothing between them although each leaves something (two bands that do not meet).
    /// Then the words are looked at, so that the answer stays exact.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public TileClass Classify(in MaskTile tile)
    {
        int partial = 0;
        foreach (IAttentionMask mask in _masks)
        {
            switch (mask.Classify(tile))
            {
                case TileClass.Skip:
                    return TileClass.Skip;
                case TileClass.Partial:
                    partial++;
                    break;
                default:
                    break;
            }
        }
        return partial switch
        {
            0 => TileClass.Full,
            1 => TileClass.Partial,
            _ => AnySeen(tile) ? TileClass.Partial : TileClass.Skip,
        };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Apply(in MaskTile tile, MaskWords words)
    {
        foreach (IAttentionMask mask in _masks)
        {
            if (mask.Classify(tile) != TileClass.Full)
                mask.Apply(tile, words);
        }
    }

    private unsafe bool AnySeen(in MaskTile tile)
    {
        Span<ulong> memory = stackalloc ulong[MaskWords.WordsFor(tile.Keys.Count)];
        for (int row = 0; row < tile.Queries.Count; row++)
        {
            fixed (ulong* start = memory)
            {
                var words = new MaskWords(start, 1, tile.Keys.Count);
                words.SetAll();
                Apply(tile with { Queries = new RowRange(tile.Queries.Start + row, 1) }, words);
            }
            if (memory.ContainsAnyExcept(0UL))
                return true;
        }
        return false;
    }
}
