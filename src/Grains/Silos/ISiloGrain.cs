using Distributed.Engine.Telemetry;
using Distributed.Engine.Tiles;
using Distributed.Grains.Blocks;
using Distributed.Grains.Jobs;
using Orleans.Concurrency;

namespace Distributed.Grains.Silos;

/// <summary>What a silo is asked as a whole. Its key names the silo.</summary>
[Alias("distributed.silo")]
public interface ISiloGrain : IGrainWithStringKey
{
    /// <summary>What it can do.</summary>
    [AlwaysInterleave]
    Task<SiloInfo> GetInfoAsync();

    /// <summary>What it does now.</summary>
    [AlwaysInterleave]
    Task<SiloLoad> GetLoadAsync();

    /// <summary>Opens a job, so that the silo gives out its tiles.</summary>
    [AlwaysInterleave]
    Task OpenAsync(JobTicket ticket);

    /// <summary>Stops what it does for a job and gives its memory and files back.</summary>
    [AlwaysInterleave]
    Task CloseAsync(Guid job);

    /// <summary>The attempts of a job's blocks that it knows: for a coordinator that has just begun.</summary>
    [AlwaysInterleave]
    Task<RunningBlock[]> RunningAsync(Guid job);

    /// <summary>A part of a tile; null when it is not there.</summary>
    [AlwaysInterleave]
    Task<TileBytes?> ReadTileAsync(Guid job, int attempt, int block, int part, TileRole role, int steps);
}

/// <summary>What a silo can do.</summary>
/// <param name="Peer">How others reach it for tiles.</param>
/// <param name="Threads">Compute threads.</param>
/// <param name="BlocksAtOnce">Blocks it computes at a time.</param>
/// <param name="Speed">Measured (query, key) pairs a second, of heads of 64 elements.</param>
/// <param name="Device">What folds its tiles: silos that say the same give the same bits.</param>
[GenerateSerializer, Immutable]
public sealed record SiloInfo(
    [property: Id(0)] SiloPeer Peer, [property: Id(1)] int Threads, [property: Id(2)] int BlocksAtOnce,
    [property: Id(3)] double Speed, [property: Id(4)] string Device);

/// <summary>What a silo does.</summary>
/// <param name="Name">The silo.</param>
/// <param name="Engine">Its compute threads, their rate, and its memory.</param>
/// <param name="BlocksAtOnce">Blocks it computes at a time.</param>
/// <param name="Blocks">Blocks it computes now.</param>
/// <param name="Jobs">Jobs that it takes part in.</param>
/// <param name="Speed">Measured (query, key) pairs a second, of heads of 64 elements; null while that is being measured.</param>
[GenerateSerializer, Immutable]
public sealed record SiloLoad(
    [property: Id(0)] string Name, [property: Id(1)] EngineStatus Engine, [property: Id(2)] int BlocksAtOnce,
    [property: Id(3)] int Blocks, [property: Id(4)] int Jobs, [property: Id(5)] double? Speed);

/// <summary>An attempt of a block that a silo knows.</summary>
/// <param name="Key">Key of its grain.</param>
/// <param name="Block">The block.</param>
/// <param name="Attempt">The attempt.</param>
[GenerateSerializer, Immutable]
public sealed record RunningBlock([property: Id(0)] string Key, [property: Id(1)] int Block, [property: Id(2)] int Attempt);

/// <summary>Bytes of a tile in a grain call.</summary>
/// <param name="Bytes">The bytes.</param>
/// <param name="Checksum">Their CRC-32C.</param>
[GenerateSerializer, Immutable]
public sealed record TileBytes([property: Id(0)] byte[] Bytes, [property: Id(1)] uint Checksum);
