namespace Distributed.Simulator.Model;

/// <summary>The cluster that is modelled.</summary>
internal sealed record ClusterModel
{
    /// <summary>Silos at the start.</summary>
    public required int Silos { get; init; }

    /// <summary>Speed of a silo.</summary>
    public required Speed Speed { get; init; }

    /// <summary>How much faster or slower each silo is than <see cref="Speed"/>; null = all alike. As many as silos.</summary>
    public IReadOnlyList<double>? Factors { get; init; }

    /// <summary>What the coordinator takes <see cref="Factors"/> to be until silos have shown their speed; null = what they are.</summary>
    public IReadOnlyList<double>? Measured { get; init; }

    /// <summary>Compute threads of a silo. They set the length of lanes.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>Bytes a second into each silo, and as many out of it.</summary>
    public required double LinkBytesPerSecond { get; init; }

    /// <summary>
    /// Seconds that a byte takes from the compute threads of the silo that sends it, and of the one that receives it. 0 = other
    /// cores do that.
    /// </summary>
    public double SecondsPerByte { get; init; }

    /// <summary>Time of a message from silo to silo.</summary>
    public TimeSpan Latency { get; init; } = TimeSpan.FromMicroseconds(100);

    /// <summary>Bytes a second that a silo reads from the store of inputs and checkpoints, and writes to it.</summary>
    public double StoreBytesPerSecond { get; init; } = 500e6;

    /// <summary>Time from the end of a block's work until its silo begins the next one, beside writing its rows.</summary>
    public TimeSpan Turnaround { get; init; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Time from the death of a silo until the coordinator and the other silos know.</summary>
    public TimeSpan Detection { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Blocks that a silo computes at a time.</summary>
    public int BlocksAtOnce { get; init; } = 2;

    /// <summary>Bytes of other silos' tiles that a silo holds.</summary>
    public long TileCacheBytes { get; init; } = 1L << 30;

    /// <summary>Time between checkpoints of a block.</summary>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Parts of a tile; null = as many as silos cut it into. Fewer make a simulation quicker.</summary>
    public int? PartsPerTile { get; init; }

    /// <summary>Silos that die.</summary>
    public IReadOnlyList<Death> Deaths { get; init; } = [];
}

/// <summary>The death of a silo.</summary>
/// <param name="Silo">Which.</param>
/// <param name="At">When, from the start of the job.</param>
internal readonly record struct Death(int Silo, TimeSpan At);
