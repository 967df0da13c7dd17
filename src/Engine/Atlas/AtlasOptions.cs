namespace Distributed.Engine.Atlas;

/// <summary>With how much of the machine an atlas works.</summary>
public sealed record AtlasOptions
{
    /// <summary>Bytes that the overview may take.</summary>
    /// <value>512 MiB.</value>
    public long OverviewBytes { get; init; } = 512L << 20;

    /// <summary>Bytes that tiles computed on demand may take.</summary>
    /// <value>256 MiB.</value>
    public long CacheBytes { get; init; } = 256L << 20;

    /// <summary>The finest level that the overview may have: what is finer is computed on demand.</summary>
    /// <value>3: a tile on demand is then at most 1024 × 1024 weights of each head.</value>
    public int FinestOverview { get; init; } = 3;

    /// <summary>Compute threads.</summary>
    /// <value>The number of processors.</value>
    public int Threads { get; init; } = Environment.ProcessorCount;
}
