using Distributed.Kernels.Masks;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>The keys from the first to the last that any row of a group may see.</summary>
/// <param name="First">First key.</param>
/// <param name="End">The key behind the last one; not above <see cref="First"/> if there is none.</param>
internal readonly record struct KeyRange(int First, int End)
{
    /// <summary>Whether no row sees any key.</summary>
    public bool IsEmpty => End <= First;

    /// <summary>What rows <paramref name="firstRow"/> to <paramref name="endRow"/> see under <paramref name="mask"/>.</summary>
    public static KeyRange Of(in MaskWords mask, int firstRow, int endRow)
    {
        int first = int.MaxValue, end = 0;
        for (int row = firstRow; row < endRow; row++)
        {
            ReadOnlySpan<ulong> words = mask.Row(row);
            int from = words.IndexOfAnyExcept(0UL);
            if (from < 0)
                continue;
            int to = words.LastIndexOfAnyExcept(0UL);
            first = Math.Min(first, from * 64 + System.Numerics.BitOperations.TrailingZeroCount(words[from]));
            end = Math.Max(end, to * 64 + 64 - System.Numerics.BitOperations.LeadingZeroCount(words[to]));
        }
        return new KeyRange(first, end);
    }
}
