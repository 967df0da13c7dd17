using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// Fetching what a later tile will read. Keys and values of a span (1 MB at D = 128) do not stay in a second-level cache
/// beside the scores; unasked for, the first tile of every panel would wait for the third level.
/// </summary>
internal static unsafe class Ahead
{
    /// <summary>Bytes that one call brings.</summary>
    public const int LineBytes = 64;

    /// <summary>Asks for a line to be brought into the second-level cache. It is a hint: any address will do.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fetch(byte* address)
    {
        if (Sse.IsSupported)
            Sse.Prefetch1(address);
    }

    // Requests of Intel's first-level cache are few (16), those of its second level three times as many; a non-temporal
    // request passes the second level by, as does what it brings. On AMD's it is the request that keeps most under way.
    private static readonly bool SecondLevel = Maker.IsIntel;

    /// <summary>
    /// How far ahead of what is read from memory the rows lie that are asked for. Memory answers after some 100 ns, in
    /// which a core takes in 4 KB; sixteen rows of 128 numbers, which are read at once, are 8 KB. The second-level cache has
    /// room for twice as much.
    /// </summary>
    private static readonly int StreamBytes = SecondLevel ? 16_384 : 8192;

    /// <summary>Rows from the one read now to the one to be asked for, with <see cref="FetchRow"/>.</summary>
    /// <param name="rowBytes">Bytes of a row.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Rows(int rowBytes) => Math.Max(1, StreamBytes / rowBytes);

    /// <summary>
    /// Asks for a row that is read once, and soon, from memory. Asked for line by line as it lies: the second-level cache's
    /// own prefetcher then sees a stream and keeps more requests under way than a core can.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FetchRow(byte* row, int bytes)
    {
        if (!Sse.IsSupported)
            return;
        if (SecondLevel)
        {
            for (; bytes > 0; bytes -= LineBytes, row += LineBytes)
                Sse.Prefetch1(row);
            return;
        }
        for (; bytes > 0; bytes -= LineBytes, row += LineBytes)
            Sse.PrefetchNonTemporal(row);
    }
}
