using Distributed.Engine.Compute;
using Distributed.Engine.Devices;
using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms.Sequential.Blocks;
using Distributed.Engine.Tiles;

namespace Distributed.Engine.FileJobs.Durable;

/// <summary>What the blocks of a durable job share while it runs.</summary>
internal sealed record DurableRun(
    ReadOnlyMemory<byte> Key, AttentionInput Input, PackedSpanCache Packed, DeviceWork? Device, ITileSource Tiles, ComputePool Pool,
    int RowsPerLane, TimeSpan CheckpointInterval, Func<double> SecondsSoFar)
{
    /// <summary>Memories that pass from block to block; null where keys go to queries.</summary>
    public SequentialRun? Sequential { get; init; }
}
