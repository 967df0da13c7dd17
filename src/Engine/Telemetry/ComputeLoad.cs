using System.Diagnostics;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Cpu.Roofline;

namespace Distributed.Engine.Telemetry;

/// <summary>What the compute threads of this process have done and do now. Its numbers are exact at any moment.</summary>
public static class ComputeLoad
{
    private static readonly Lock Gate = new();
    private static int _threads, _busy, _queued;
    private static long _finishedTicks, _sinceTicks;
    private static double _operations, _peakPerThread;

    /// <summary>Compute threads.</summary>
    public static int Threads => Volatile.Read(ref _threads);

    /// <summary>Those at work.</summary>
    public static int BusyThreads => Volatile.Read(ref _busy);

    /// <summary>Pieces of work that wait for a thread.</summary>
    public static int Queued => Volatile.Read(ref _queued);

    /// <summary>Seconds that threads were at work, summed over them; those of work under way are in it.</summary>
    public static double BusySeconds
    {
        get
        {
            lock (Gate)
                return (double)(_finishedTicks + _busy * Stopwatch.GetTimestamp() - _sinceTicks) / Stopwatch.Frequency;
        }
    }

    /// <summary>Floating-point operations done, inside the masks.</summary>
    public static double Operations
    {
        get
        {
            lock (Gate)
                return _operations;
        }
    }

    /// <summary>Measured multiply-add peak of a thread while all calculate, in operations a second; 0 = not measured.</summary>
    public static double PeakPerThread => Volatile.Read(ref _peakPerThread);

    /// <summary>
    /// Measures the peak, in about a twentieth of a second. What other processes take of the processors meanwhile does not count.
    /// </summary>
    /// <param name="threads">Threads that calculate at a time.</param>
    public static void MeasurePeak(int threads) => Volatile.Write(
        ref _peakPerThread,
        MachinePeak.MultiplyAddRate(threads, PeakShare.RegisterBits(CpuKernels.Best), WorkClock.Thread) / threads);

    internal static void Joined(int threads) => Interlocked.Add(ref _threads, threads);

    internal static void Left(int threads) => Interlocked.Add(ref _threads, -threads);

    internal static void Waits() => Interlocked.Increment(ref _queued);

    /// <returns>When, for <see cref="Ends"/>.</returns>
    internal static long Begins()
    {
        Interlocked.Decrement(ref _queued);
        long now = Stopwatch.GetTimestamp();
        lock (Gate)
        {
            _sinceTicks += now;
            _busy++;
        }
        return now;
    }

    internal static void Ends(long began)
    {
        long now = Stopwatch.GetTimestamp();
        lock (Gate)
        {
            _busy--;
            _sinceTicks -= began;
            _finishedTicks += now - began;
        }
    }

    internal static void Did(double operations)
    {
        lock (Gate)
            _operations += operations;
    }
}
