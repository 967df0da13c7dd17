using System.Net;
using Distributed.Engine;
using Distributed.Grains.Hosting;

namespace Distributed.Silo.Cluster;

/// <summary>
/// A silo's settings: <c>--name value</c> on the command line, or <c>ATTEND_SILO_NAME</c> in the environment. A setting that
/// is not known is refused.
/// </summary>
public sealed class SiloSettings
{
    private static readonly string[] Known =
    [
        "data", "secret", "secret-file", "address", "silo-port", "gateway-port", "http-port", "tile-port", "primary-port",
        "postgres", "cluster", "threads", "blocks-at-once", "checkpoint-seconds", "tile-cache-mb", "transport",
    ];

    private readonly Dictionary<string, string> _values;

    private SiloSettings(Dictionary<string, string> values) => _values = values;

    /// <summary>Address that other silos reach this one at.</summary>
    /// <value>127.0.0.1.</value>
    public IPAddress Address => Value("address") is not { } text ? IPAddress.Loopback
        : IPAddress.TryParse(text, out IPAddress? address) ? address
        : throw new InputException($"Setting address is '{text}'; an IP address is expected.");

    /// <summary>Port for other silos.</summary>
    /// <value>11111.</value>
    public int SiloPort => Number("silo-port", 11111, 1, 65535);

    /// <summary>Port for Orleans clients.</summary>
    /// <value>30000.</value>
    public int GatewayPort => Number("gateway-port", 30000, 1, 65535);

    /// <summary>Port of the HTTP endpoint, on the loopback interface alone; 0 = any free one.</summary>
    /// <value>8470.</value>
    public int HttpPort => Number("http-port", 8470, 0, 65535);

    /// <summary>For a try-out without a database: the silo port of the first silo, which must outlive the others.</summary>
    public int PrimaryPort => Number("primary-port", SiloPort, 1, 65535);

    /// <summary>Connection string of the PostgreSQL database with the membership; null = a try-out without one.</summary>
    public string? Postgres => Value("postgres");

    /// <summary>Name of the cluster; silos of one name in one database are one cluster.</summary>
    /// <value>attend.</value>
    public string Cluster => Value("cluster") ?? "attend";

    /// <summary>How the silo takes part in jobs.</summary>
    public ClusterEngineOptions Engine => new()
    {
        DataFolder = Path.GetFullPath(Value("data") ?? throw new InputException("Setting data is missing: the folder for jobs, which all silos see.")),
        Secret = Secret(),
        Threads = Number("threads", Math.Max(1, Environment.ProcessorCount - 1), 1, 1024),
        BlocksAtOnce = Number("blocks-at-once", 2, 1, 64),
        CheckpointInterval = TimeSpan.FromSeconds(Seconds("checkpoint-seconds", 5)),
        TileCacheBytes = (long)Number("tile-cache-mb", 1024, 0, 1 << 24) << 20,
        TileEndpoint = new IPEndPoint(Address, Number("tile-port", 0, 0, 65535)),
        Transport = Value("transport") switch
        {
            null or "tcp" => TileTransportKind.Tcp,
            "in-band" => TileTransportKind.InBand,
            var other => throw new InputException($"Setting transport is '{other}'; tcp or in-band is expected."),
        },
    };

    /// <summary>Reads the settings; the command line comes before the environment.</summary>
    /// <exception cref="InputException">One is not known, or has no value.</exception>
    public static SiloSettings Read(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?> environment)
    {
        const string Prefix = "ATTEND_SILO_";
        var values = new Dictionary<string, string>();
        foreach ((string name, string? value) in environment.Where(pair => pair.Key.StartsWith(Prefix, StringComparison.Ordinal)))
            values[Checked(name[Prefix.Length..].ToLowerInvariant().Replace('_', '-'), name)] = value ?? "";
        for (int i = 0; i < arguments.Count; i += 2)
        {
            string name = arguments[i].StartsWith("--", StringComparison.Ordinal)
                ? Checked(arguments[i][2..], arguments[i])
                : throw new InputException($"'{arguments[i]}' is no setting; --NAME VALUE is expected.");
            // Every user of the machine can read command lines.
            if (name == "secret")
                throw new InputException("The secret does not belong on the command line: give --secret-file, or ATTEND_SILO_SECRET in the environment.");
            values[name] = i + 1 < arguments.Count ? arguments[i + 1] : throw new InputException($"Setting {arguments[i]} has no value.");
        }
        return new SiloSettings(values);
    }

    private static string Checked(string name, string asGiven) => Known.Contains(name)
        ? name
        : throw new InputException($"Setting {asGiven} is not known; known are {string.Join(", ", Known.Except(["secret"]).Select(known => "--" + known))}.");

    private string? Value(string name) => _values.GetValueOrDefault(name);

    private int Number(string name, int otherwise, int least, int most) => Value(name) is not { } text ? otherwise
        : int.TryParse(text, out int number) && number >= least && number <= most ? number
        : throw new InputException($"Setting {name} is '{text}'; a whole number from {least} to {most} is expected.");

    private double Seconds(string name, double otherwise) => Value(name) is not { } text ? otherwise
        : double.TryParse(text, out double seconds) && seconds is >= 0 and <= 86_400 ? seconds
        : throw new InputException($"Setting {name} is '{text}'; a number of seconds from 0 to 86400 is expected.");

    private byte[] Secret()
    {
        if (Value("secret-file") is { } file)
        {
            return File.Exists(file)
                ? System.Text.Encoding.UTF8.GetBytes(File.ReadAllText(file).Trim())
                : throw new InputException($"Setting secret-file is '{file}', which does not exist.");
        }
        return Value("secret") is { } secret
            ? System.Text.Encoding.UTF8.GetBytes(secret)
            : throw new InputException("The cluster's secret is missing: give --secret-file, or ATTEND_SILO_SECRET in the environment.");
    }
}
