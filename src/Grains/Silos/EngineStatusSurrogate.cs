using Distributed.Engine.Telemetry;

namespace Distributed.Grains.Silos;

/// <summary>How an <see cref="EngineStatus"/> travels between silos.</summary>
[GenerateSerializer, Immutable]
internal struct EngineStatusSurrogate
{
    [Id(0)]
    public string Kernel;

    [Id(1)]
    public int Processors;

    [Id(2)]
    public int Threads;

    [Id(3)]
    public int BusyThreads;

    [Id(4)]
    public int Queued;

    [Id(5)]
    public double BusySeconds;

    [Id(6)]
    public double Operations;

    [Id(7)]
    public double PeakPerThread;

    [Id(8)]
    public long MemoryBytes;

    [Id(9)]
    public long TileCacheBytes;

    [Id(10)]
    public int TilesInFlight;

    [Id(11)]
    public double UptimeSeconds;
}

/// <inheritdoc/>
[RegisterConverter]
internal sealed class EngineStatusConverter : IConverter<EngineStatus, EngineStatusSurrogate>
{
    public EngineStatus ConvertFromSurrogate(in EngineStatusSurrogate surrogate) => new(
        surrogate.Kernel, surrogate.Processors, surrogate.Threads, surrogate.BusyThreads, surrogate.Queued, surrogate.BusySeconds,
        surrogate.Operations, surrogate.PeakPerThread, surrogate.MemoryBytes, surrogate.TileCacheBytes, surrogate.TilesInFlight,
        surrogate.UptimeSeconds);

    public EngineStatusSurrogate ConvertToSurrogate(in EngineStatus value) => new()
    {
        Kernel = value.Kernel,
        Processors = value.Processors,
        Threads = value.Threads,
        BusyThreads = value.BusyThreads,
        Queued = value.Queued,
        BusySeconds = value.BusySeconds,
        Operations = value.Operations,
        PeakPerThread = value.PeakPerThread,
        MemoryBytes = value.MemoryBytes,
        TileCacheBytes = value.TileCacheBytes,
        TilesInFlight = value.TilesInFlight,
        UptimeSeconds = value.UptimeSeconds,
    };
}
