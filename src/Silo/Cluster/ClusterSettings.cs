using System.Net;
using Distributed.Engine;
using Distributed.Grains.Hosting;
using Distributed.Silo.Hosting;

namespace Distributed.Silo.Cluster;

/// <summary>The settings of a silo that joins a cluster.</summary>
/// <param name="settings">All settings.</param>
public sealed class ClusterSettings(SiloSettings settings)
{
    /// <summary>Blocks at work share packed spans; so many that those which go side by side do, whatever the tile cache.</summary>
    private const long FewestPackedBytes = 96L << 20;

    /// <summary>Address that other silos reach this one at.</summary>
    /// <value>127.0.0.1.</value>
    public IPAddress Address => settings.Address("address");

    /// <summary>Port for other silos.</summary>
    /// <value>11111.</value>
    public int SiloPort => settings.Number("silo-port", 11111, 1, 65535);

    /// <summary>Port for Orleans clients.</summary>
    /// <value>30000.</value>
    public int GatewayPort => settings.Number("gateway-port", 30000, 1, 65535);

    /// <summary>For a try-out without a database: the silo port of the first silo, which must outlive the others.</summary>
    public int PrimaryPort => settings.Number("primary-port", SiloPort, 1, 65535);

    /// <summary>Connection string of the PostgreSQL database with the membership; null = a try-out without one.</summary>
    public string? Postgres => settings.Value("postgres");

    /// <summary>Name of the cluster; silos of one name in one database are one cluster.</summary>
    /// <value>attend.</value>
    public string Cluster => settings.Value("cluster") ?? "attend";

    /// <summary>How the silo takes part in jobs.</summary>
    public ClusterEngineOptions Engine => new()
    {
        DataFolder = settings.Value("data") is not null
            ? settings.Data
            : throw new InputException("Setting data is missing: the folder for jobs, which all silos see."),
        Secret = Secret(),
        Tls = Tls(),
        Threads = settings.Engine.Threads,
        BlocksAtOnce = settings.Engine.BlocksAtOnce,
        CheckpointInterval = settings.Engine.CheckpointInterval,
        TileCacheBytes = TileCacheBytes,
        PackedBytes = Math.Max(FewestPackedBytes, TileCacheBytes / 2),
        TileEndpoint = new IPEndPoint(Address, settings.Number("tile-port", 0, 0, 65535)),
        Device = settings.Engine.Device,
        Transport = settings.Value("transport") switch
        {
            null or "tcp" => TileTransportKind.Tcp,
            "in-band" => TileTransportKind.InBand,
            var other => throw new InputException($"Setting transport is '{other}'; tcp or in-band is expected."),
        },
    };

    private long TileCacheBytes => (long)settings.Number("tile-cache-mb", 1024, 0, 1 << 24) << 20;

    private SiloTls? Tls() => (settings.Value("cluster-certificate"), settings.Value("cluster-key"), settings.Value("cluster-authority")) switch
    {
        (null, null, null) => null,
        ({ } certificate, { } key, { } authority) => SiloTls.Read(certificate, key, authority),
        _ => throw new InputException("Settings cluster-certificate, cluster-key and cluster-authority go together; one of them is missing."),
    };

    private byte[] Secret()
    {
        if (settings.Value("secret-file") is { } file)
        {
            return File.Exists(file)
                ? System.Text.Encoding.UTF8.GetBytes(File.ReadAllText(file).Trim())
                : throw new InputException($"Setting secret-file is '{file}', which does not exist.");
        }
        return settings.Value("secret") is { } secret
            ? System.Text.Encoding.UTF8.GetBytes(secret)
            : throw new InputException("The cluster's secret is missing: give --secret-file, or ATTEND_SILO_SECRET in the environment.");
    }
}
