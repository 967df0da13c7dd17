using System.Numerics;
using System.Runtime.CompilerServices;

namespace Distributed.Kernels.Masks;

/// <summary>
/// One bit per (query row, key) of a tile: set = may attend. Row <c>r</c> has <see cref="WordsPerRow"/> words of 64 keys;
/// key <c>k</c> is bit <c>k % 64</c> of word <c>k / 64</c>. Bits behind the last key are clear.
/// </summary>
/// <param name="words">Memory of <c>rows × wordsPerRow</c> words, the caller's.</param>
/// <param name="rows">Query rows.</param>
/// <param name="keys">Keys.</param>
public readonly unsafe struct MaskWords(ulong* words, int rows, int keys)
{
    /// <summary>Query rows.</summary>
    public int Rows => rows;

    /// <summary>Keys.</summary>
    public int Keys => keys;

    /// <summary>Words of one row.</summary>
    public int WordsPerRow => WordsFor(keys);

    /// <summary>First word of the first row; rows lie one behind the other.</summary>
    public ulong* Start => words;

    /// <summary>Words that hold the bits of <paramref name="keys"/> keys.</summary>
    public static int WordsFor(int keys) => (keys + 63) / 64;

    /// <summary>The words of one row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<ulong> Row(int row) => new(words + (nint)row * WordsPerRow, WordsPerRow);

    /// <summary>The words of some of the rows.</summary>
    /// <param name="first">The first one.</param>
    /// <param name="count">How many.</param>
    public MaskWords Slice(int first, int count) => new(words + (nint)first * WordsPerRow, count, keys);

    /// <summary>Sets the bits of all keys in all rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void SetAll()
    {
        if (keys <= 64)
        {
            new Span<ulong>(words, keys == 0 ? 0 : rows).Fill(keys == 64 ? ulong.MaxValue : (1UL << keys) - 1);
            return;
        }
        for (int row = 0; row < rows; row++)
        {
            Span<ulong> of = Row(row);
            of.Fill(ulong.MaxValue);
            if (keys % 64 != 0)
                of[^1] = (1UL << (keys % 64)) - 1;
        }
    }

    /// <summary>(row, key) pairs whose bit is set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public long CountSet()
    {
        long count = 0;
        foreach (ulong word in new ReadOnlySpan<ulong>(words, rows * WordsPerRow))
            count += BitOperations.PopCount(word);
        return count;
    }

    /// <summary>Clears, in one row, the bits of all keys outside [<paramref name="from"/>, <paramref name="to"/>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void KeepRange(int row, long from, long to)
    {
        int first = (int)Math.Clamp(from, 0, keys);
        int end = (int)Math.Clamp(to, first, keys);
        if (keys <= 64 && first < end)
        {
            words[row] &= RangeBits(first, end);
            return;
        }
        Span<ulong> of = Row(row);
        if (first == end)
        {
            of.Clear();
            return;
        }
        of[..(first / 64)].Clear();
        of[first / 64] &= ulong.MaxValue << (first % 64);
        if (end == keys)
            return;
        of[end / 64] &= (1UL << (end % 64)) - 1;
        of[(end / 64 + 1)..].Clear();
    }

    /// <summary>Clears, in one row, the bits of the keys in [<paramref name="from"/>, <paramref name="to"/>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void ClearRange(int row, long from, long to)
    {
        Span<ulong> of = Row(row);
        int first = (int)Math.Clamp(from, 0, keys);
        int end = (int)Math.Clamp(to, first, keys);
        for (int w = first / 64; w * 64 < end; w++)
            of[w] &= ~RangeBits(first - w * 64, end - w * 64);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong RangeBits(int from, int to)
    {
        from = Math.Clamp(from, 0, 64);
        to = Math.Clamp(to, from, 64);
        ulong below = to == 64 ? ulong.MaxValue : (1UL << to) - 1;
        return from == 64 ? 0 : below & (ulong.MaxValue << from);
    }
}
