using System.Net;
using Distributed.Engine;

namespace Distributed.Grains.Hosting;

/// <summary>How a silo takes part in jobs.</summary>
public sealed record ClusterEngineOptions
{
    /// <summary>
    /// Folder that all silos of the cluster see, with the records of jobs, checkpoints and finished rows. It outlives the
    /// silos.
    /// </summary>
    public required string DataFolder { get; init; }

    /// <summary>The cluster's secret, by which silos know one another on the tile streams; at least 16 bytes.</summary>
    public required byte[] Secret { get; init; }

    /// <summary>How silos encrypt what passes between them; null = they do not.</summary>
    public SiloTls? Tls { get; init; }

    /// <summary>Compute threads.</summary>
    /// <value>One less than the processors, so that membership probes have one; at least 1.</value>
    public int Threads { get; init; } = Math.Max(1, Environment.ProcessorCount - 1);

    /// <summary>Blocks computed at a time. A second one computes while the first waits.</summary>
    /// <value>2.</value>
    public int BlocksAtOnce { get; init; } = 2;

    /// <summary>Bytes of other silos' tiles to hold.</summary>
    /// <value>1 GiB.</value>
    public long TileCacheBytes { get; init; } = 1L << 30;

    /// <summary>
    /// Bytes of packed keys and values to hold for each job. Where all that a job has find room, each key span is packed once
    /// on a silo, and not again for every block.
    /// </summary>
    /// <value>512 MiB, of which a job takes what its keys and values need.</value>
    public long PackedBytes { get; init; } = 512L << 20;

    /// <summary>
    /// Time between checkpoints of a block. When writing one takes long, it is stretched to twenty times as long.
    /// </summary>
    /// <value>5 s.</value>
    public TimeSpan CheckpointInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Where tiles are given out; port 0 = any free one. Used by the TCP transport alone.</summary>
    /// <value>127.0.0.1:0.</value>
    public IPEndPoint TileEndpoint { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>What folds tiles: <c>auto</c>, <c>cpu</c>, <c>cuda</c>, <c>cuda:N</c>, <c>opencl</c> or <c>opencl:N</c>.</summary>
    /// <value><c>auto</c>: a GPU if there is one that works, else the CPU.</value>
    public string Device { get; init; } = "auto";

    /// <summary>How tiles travel.</summary>
    /// <value><see cref="TileTransportKind.Tcp"/>.</value>
    public TileTransportKind Transport { get; init; } = TileTransportKind.Tcp;

    /// <summary>Checks every option.</summary>
    /// <exception cref="InputException">One is out of its range.</exception>
    public void Validate()
    {
        Require(Threads is >= 1 and <= 1024, $"Threads {Threads} is out of range; 1 to 1024 is expected.");
        Require(BlocksAtOnce is >= 1 and <= 64, $"Blocks at once {BlocksAtOnce} is out of range; 1 to 64 is expected.");
        Require(TileCacheBytes >= 0, $"Tile cache {TileCacheBytes} is negative; a number of bytes is expected.");
        Require(PackedBytes >= 0, $"Packed bytes {PackedBytes} is negative; a number of bytes is expected.");
        Require(CheckpointInterval >= TimeSpan.Zero, $"Checkpoint interval {CheckpointInterval} is negative; a time is expected.");
        Require(Secret.Length >= 16, $"The cluster's secret has {Secret.Length} bytes; at least 16 are expected.");
        Require(Directory.Exists(DataFolder), $"The data folder '{DataFolder}' does not exist.");
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new InputException(otherwise);
    }
}

/// <summary>How tiles travel between silos.</summary>
public enum TileTransportKind
{
    /// <summary>Over a TCP stream of their own for each pair of silos.</summary>
    Tcp,

    /// <summary>As parts of grain calls: slower, but without another port.</summary>
    InBand,
}
