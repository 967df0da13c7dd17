using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distributed.Kernels.Masks;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>What the rows of a group see of a span (1024 keys at most), sixteen keys to a bit.</summary>
/// <param name="Any">Bit i: some row sees one of the keys 16 · i to 16 · i + 15.</param>
/// <param name="All">Bit i: every row sees all of them, and all are there.</param>
internal readonly record struct GroupView(ulong Any, ulong All)
{
    private const int Lanes = Arithmetic.Lanes, WordKeys = 64, WordsAtOnce = 4;

    /// <summary>
    /// The keys from the first to the last that any row may see, widened to whole vectors: what no row sees has weight 0.
    /// </summary>
    /// <param name="keys">Keys of the span.</param>
    public KeyRange Range(int keys) => Any == 0
        ? default
        : new KeyRange(BitOperations.TrailingZeroCount(Any) * Lanes, Math.Min(keys, (64 - BitOperations.LeadingZeroCount(Any)) * Lanes));

    /// <summary>Whether every row sees all of the keys from <paramref name="key"/> on.</summary>
    /// <param name="key">A multiple of 16.</param>
    /// <param name="width">Keys; 16 to 64, a multiple of 16.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool SeesAll(int key, int width)
    {
        ulong bits = (1UL << (width / Lanes)) - 1;
        return (All >> (key / Lanes) & bits) == bits;
    }

    /// <summary>What rows <paramref name="first"/> to <paramref name="end"/> see.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static unsafe GroupView Of(MaskWords? mask, int keys, int first, int end)
    {
        if (mask is not { } words)
            return new GroupView(LowBits((keys + Lanes - 1) / Lanes), LowBits(keys / Lanes));
        int apart = words.WordsPerRow, word = 0;
        ulong* start = words.Start + (nint)first * apart;
        ulong any = 0, all = 0;

        // Vector of 16 lanes, each the 16 keys of one bit; lanes are compared with 0 and with all ones.
        for (; word + WordsAtOnce <= apart; word += WordsAtOnce)
        {
            Vector256<ulong> someRow = default, everyRow = Vector256<ulong>.AllBitsSet;
            ulong* at = start + word;
            for (int row = first; row < end; row++, at += apart)
            {
                someRow |= Vector256.Load(at);
                everyRow &= Vector256.Load(at);
            }
            int shift = word * (WordKeys / Lanes);
            any |= (ulong)(ushort)~Vector256.Equals(someRow.AsUInt16(), default).ExtractMostSignificantBits() << shift;
            all |= (ulong)Vector256.Equals(everyRow.AsUInt16(), Vector256<ushort>.AllBitsSet).ExtractMostSignificantBits() << shift;
        }
        for (; word < apart; word++)
        {
            ulong someRow = 0, everyRow = ulong.MaxValue;
            for (int row = 0; row < end - first; row++)
            {
                someRow |= start[row * apart + word];
                everyRow &= start[row * apart + word];
            }
            for (int lane = 0; lane < WordKeys; lane += Lanes)
            {
                int bit = (word * WordKeys + lane) / Lanes;
                any |= (ushort)(someRow >> lane) != 0 ? 1UL << bit : 0;
                all |= (ushort)(everyRow >> lane) == ushort.MaxValue ? 1UL << bit : 0;
            }
        }
        return new GroupView(any, all);
    }

    private static ulong LowBits(int count) => count >= 64 ? ulong.MaxValue : (1UL << count) - 1;
}
