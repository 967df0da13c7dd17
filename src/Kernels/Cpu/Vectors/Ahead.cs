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

    /// <summary>Asks for a line to be brought into the first-level cache: what is read once, and soon, from memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FetchNear(byte* address)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(address);
    }
}
