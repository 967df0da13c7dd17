using System.Numerics;
using System.Runtime.CompilerServices;
using Distributed.Kernels.Masks;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// The keys from the first to the last that any row of a group may see, widened to whole vectors: what no row sees has
/// weight 0.
/// </summary>
/// <param name="First">First key.</param>
/// <param name="End">The key behind the last one; not above <see cref="First"/> if there is none.</param>
internal readonly record struct KeyRange(int First, int End)
{
    /// <summary>Whether no row sees any key.</summary>
    public bool IsEmpty => End <= First;

    /// <summary>What rows <paramref name="firstRow"/> to <paramref name="endRow"/> see.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static KeyRange Of(MaskWords? mask, int keys, int firstRow, int endRow)
    {
        if (mask is not { } words)
            return new KeyRange(0, keys);
        int first = keys, end = 0;
        for (int row = firstRow; row < endRow; row++)
        {
            ReadOnlySpan<ulong> of = words.Row(row);
            int from = of.IndexOfAnyExcept(0UL);
            if (from < 0)
                continue;
            int to = of.LastIndexOfAnyExcept(0UL);
            first = Math.Min(first, from * 64 + BitOperations.TrailingZeroCount(of[from]));
            end = Math.Max(end, to * 64 + 64 - BitOperations.LeadingZeroCount(of[to]));
        }
        const int lanes = Arithmetic.Lanes;
        return end == 0 ? default : new KeyRange(first & -lanes, Math.Min(keys, (end + lanes - 1) & -lanes));
    }
}
