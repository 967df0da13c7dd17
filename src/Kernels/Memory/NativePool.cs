using System.Runtime.InteropServices;

namespace Distributed.Kernels.Memory;

/// <summary>
/// Native memory given back, for the next who needs as much: fresh memory costs a page fault for every 4 KiB touched,
/// which for a short job is most of its time.
/// </summary>
internal static unsafe class NativePool
{
    /// <summary>Bytes kept at most; beyond that memory goes back to the system.</summary>
    private const long MostKept = 128L << 20;

    /// <summary>Sizes are rounded up to an eighth of the power of two below them, so that near ones can stand in for each other.</summary>
    private const int StepsPerDoubling = 8;

    private static readonly Lock Access = new();
    private static readonly Dictionary<nuint, Stack<nint>> Kept = [];
    private static long _bytes;

    /// <summary>The size that memory for so many bytes has.</summary>
    public static nuint Capacity(nuint bytes)
    {
        nuint least = Math.Max(bytes, NativeBuffer.Alignment * StepsPerDoubling);
        nuint step = (nuint)System.Numerics.BitOperations.RoundUpToPowerOf2((ulong)least / 2 + 1) / StepsPerDoubling;
        return (least + step - 1) / step * step;
    }

    /// <summary>Memory of a capacity, kept or fresh; not cleared.</summary>
    /// <exception cref="OutOfMemoryException">The system has no such memory.</exception>
    public static void* Take(nuint capacity)
    {
        lock (Access)
        {
            if (Kept.TryGetValue(capacity, out Stack<nint>? same) && same.TryPop(out nint pointer))
            {
                _bytes -= (long)capacity;
                return (void*)pointer;
            }
        }
        void* fresh = NativeMemory.AlignedAlloc(capacity, NativeBuffer.Alignment);
        // Told of each use instead, the collector would run all the time: a thread takes a packed span every few ms.
        GC.AddMemoryPressure(checked((long)capacity));
        return fresh;
    }

    /// <summary>Gives memory back.</summary>
    public static void Give(void* pointer, nuint capacity)
    {
        lock (Access)
        {
            if (_bytes + (long)capacity <= MostKept)
            {
                if (!Kept.TryGetValue(capacity, out Stack<nint>? same))
                    Kept.Add(capacity, same = new Stack<nint>());
                same.Push((nint)pointer);
                _bytes += (long)capacity;
                return;
            }
        }
        NativeMemory.AlignedFree(pointer);
        GC.RemoveMemoryPressure(checked((long)capacity));
    }
}
