using Distributed.Grains.Placement;
using Orleans.Concurrency;

namespace Distributed.Grains.Blocks;

/// <summary>
/// One attempt of a block, on the silo that its key names (<see cref="NamedSilo"/>). A new attempt is another grain, so
/// that nothing meant for the one can reach the other.
/// </summary>
[Alias("distributed.block")]
public interface IBlockGrain : IGrainWithStringKey
{
    /// <summary>Begins the attempt. Again does nothing.</summary>
    [AlwaysInterleave]
    Task StartAsync(BlockAssignment assignment);

    /// <summary>How far it is, at once when it has begun or ended, else after a moment.</summary>
    [AlwaysInterleave]
    Task<BlockStatus> WatchAsync();

    /// <summary>Stops it and forgets it.</summary>
    /// <param name="saves">Whether another attempt may go on from here.</param>
    [AlwaysInterleave]
    Task StopAsync(bool saves);
}
