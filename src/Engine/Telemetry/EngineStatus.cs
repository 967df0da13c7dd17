using Distributed.Kernels.Cpu;

namespace Distributed.Engine.Telemetry;

/// <summary>What the engine in a process has and does at a moment. Sums run from the process's start.</summary>
/// <param name="Kernel">Name of the kernel.</param>
/// <param name="Processors">Processors of the machine that the process may use.</param>
/// <param name="Threads">Compute threads.</param>
/// <param name="BusyThreads">Compute threads at work.</param>
/// <param name="Queued">Pieces of work that wait for a compute thread.</param>
/// <param name="BusySeconds">Seconds that compute threads were at work, summed over them.</param>
/// <param name="Operations">Floating-point operations done, inside the masks.</param>
/// <param name="PeakPerThread">Measured multiply-add peak of a thread, in operations a second; 0 = not measured.</param>
/// <param name="MemoryBytes">Memory of the process, mapped files among it.</param>
/// <param name="TileCacheBytes">Other processes' tiles held in memory.</param>
/// <param name="TilesInFlight">Parts of tiles that were asked for and have not come yet.</param>
/// <param name="UptimeSeconds">Seconds since the process began.</param>
public sealed record EngineStatus(
    string Kernel, int Processors, int Threads, int BusyThreads, int Queued, double BusySeconds, double Operations,
    double PeakPerThread, long MemoryBytes, long TileCacheBytes, int TilesInFlight, double UptimeSeconds)
{
    /// <summary>This process, now.</summary>
    public static EngineStatus Now() => new(
        CpuKernels.Best.Name, Environment.ProcessorCount, ComputeLoad.Threads, ComputeLoad.BusyThreads, ComputeLoad.Queued,
        ComputeLoad.BusySeconds, ComputeLoad.Operations, ComputeLoad.PeakPerThread, Environment.WorkingSet, TileMetrics.HeldBytes,
        TileMetrics.InFlight, (DateTime.UtcNow - Began).TotalSeconds);

    private static readonly DateTime Began = StartOfProcess();

    private static DateTime StartOfProcess()
    {
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        return process.StartTime.ToUniversalTime();
    }
}
