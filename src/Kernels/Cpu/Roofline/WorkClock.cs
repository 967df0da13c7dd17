using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Distributed.Kernels.Cpu.Roofline;

/// <summary>What the time of a measurement is told by.</summary>
public abstract partial class WorkClock
{
    /// <summary>Time as it passes.</summary>
    public static WorkClock Wall { get; } = new WallClock();

    /// <summary>
    /// Time that the calling thread was on a core: on a machine that does other work too, what others took does not count.
    /// Linux only.
    /// </summary>
    public static WorkClock Thread { get; } = new ThreadClock();

    /// <summary>Seconds since some moment.</summary>
    public abstract double Now { get; }

    private sealed class WallClock : WorkClock
    {
        public override double Now => (double)Stopwatch.GetTimestamp() / Stopwatch.Frequency;
    }

    private sealed partial class ThreadClock : WorkClock
    {
        private const int ThreadCpuTime = 3;

        public override double Now =>
            GetTime(ThreadCpuTime, out TimeSpec time) == 0
                ? time.Seconds + time.Nanoseconds * 1e-9
                : throw new PlatformNotSupportedException("The system has no clock of a thread's own time.");

        [LibraryImport("libc", EntryPoint = "clock_gettime")]
        private static partial int GetTime(int clock, out TimeSpec time);

        private struct TimeSpec
        {
            public nint Seconds;
            public nint Nanoseconds;
        }
    }
}
