namespace Distributed.Engine.Atlas;

/// <summary>With how much of the machine an atlas works.</summary>
public sealed record AtlasOptions
{
    /// <summary>Bytes that the overview may take.</summary>
    /// <value>768 MiB.</value>
    public long OverviewBytes { get; init; } = 768L << 20;

    /// <summary>Bytes that tiles computed on demand may take.</summary>
    /// <value>256 MiB.</value>
    public long CacheBytes { get; init; } = 256L << 20;

    /// <summary>The level down to which the overview goes in any case, as far as its bytes reach.</summary>
    /// <value>3: cells of 8 × 8 weights.</value>
    public int FinestOverview { get; init; } = 3;

    /// <summary>
    /// Operations that a screenful may take: where it would take more, the overview goes farther down, as far as its bytes
    /// reach.
    /// </summary>
    /// <value>7 · 10^10, which two cores do in 0.2 seconds.</value>
    public double DemandOperations { get; init; } = 7e10;

    /// <summary>Compute threads.</summary>
    /// <value>The number of processors.</value>
    public int Threads { get; init; } = Environment.ProcessorCount;
}
