using System.Globalization;
using System.Net;
using Distributed.Engine;
using Distributed.Engine.FileJobs.Durable;
using Distributed.Engine.FileJobs.Specification;

namespace Distributed.Silo.Hosting;

/// <summary>
/// A silo's settings: <c>--name value</c> on the command line, or <c>ATTEND_SILO_NAME</c> in the environment. A setting that
/// is not known, or has no meaning where it is given, is refused.
/// </summary>
public sealed class SiloSettings
{
    private readonly Dictionary<string, string> _values;

    private SiloSettings(Dictionary<string, string> values) => _values = values;

    /// <summary>Whether the silo joins a cluster: it has the cluster's secret.</summary>
    public bool JoinsCluster => Value("secret") is not null || Value("secret-file") is not null;

    /// <summary>The one folder that all data is under.</summary>
    /// <value><c>attend</c> in the user's folder for data: <c>$XDG_DATA_HOME</c>, or <c>~/.local/share</c>.</value>
    public string Data => Path.GetFullPath(Value("data") ?? StandardData());

    /// <summary>Address that the HTTP endpoint listens on.</summary>
    /// <value>127.0.0.1.</value>
    public IPAddress Listen => Address("listen");

    /// <summary>Port of the HTTP endpoint; 0 = any free one.</summary>
    /// <value>8470.</value>
    public int HttpPort => Number("http-port", 8470, 0, 65535);

    /// <summary>File with the certificate for TLS (PEM); null = no TLS.</summary>
    public string? TlsCertificate => ExistingFile("tls-certificate");

    /// <summary>File with the certificate's private key (PEM).</summary>
    public string? TlsKey => ExistingFile("tls-key");

    /// <summary>File with the hashes of API keys; null = no keys.</summary>
    public string? Keys => ExistingFile("keys");

    /// <summary>Folders whose files jobs may use where they lie.</summary>
    public IReadOnlyList<string> FileRoots =>
    [
        .. (Value("file-roots") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Select(folder => Directory.Exists(folder)
            ? Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))
            : throw new InputException($"Setting file-roots names '{folder}', which is no folder.")),
    ];

    /// <summary>How jobs run in this process.</summary>
    public DurableJobOptions Engine => new(
        Number("threads", Math.Max(1, Environment.ProcessorCount - (JoinsCluster ? 1 : 0)), 1, 1024), Number("blocks-at-once", 2, 1, 64),
        TimeSpan.FromSeconds(Decimal("checkpoint-seconds", 5, 0, 86_400)))
    {
        Device = Value("device") is not { } text ? "auto"
            : Names.IsDevice(text) ? text
            : throw new InputException($"Setting device is '{text}'; {Names.Devices} is expected."),
    };

    /// <summary>Jobs computed at a time.</summary>
    /// <value>2.</value>
    public int JobsAtOnce => Number("jobs-at-once", 2, 1, 1024);

    /// <summary>Bytes of memory that jobs may take on each silo.</summary>
    /// <value>Three quarters of the machine's, or of what the process may have.</value>
    public long MemoryBytes => (long)(Decimal("memory-gb", GC.GetGCMemoryInfo().TotalAvailableMemoryBytes * 0.75 / 1e9, 0.001, 1e6) * 1e9);

    /// <summary>Bytes that may be stored; null = as many as the disk has.</summary>
    public long? QuotaBytes => Value("quota-gb") is null ? null : (long)(Decimal("quota-gb", 0, 1e-6, 1e9) * 1e9);

    /// <summary>How long jobs that have ended are kept, with their results; null = until they are removed.</summary>
    public TimeSpan? KeepsJobs => Value("keep-days") is null ? null : TimeSpan.FromDays(Decimal("keep-days", 0, 0, 36_500));

    /// <summary>How long uploads are kept that nobody goes on with.</summary>
    /// <value>24 h.</value>
    public TimeSpan KeepsUploads => TimeSpan.FromHours(Decimal("keep-upload-hours", 24, 0, 1e6));

    /// <summary>Uploads taken at a time.</summary>
    /// <value>16.</value>
    public int UploadsAtOnce => Number("uploads-at-once", 16, 1, 10_000);

    /// <summary>Reads the settings; the command line comes before the environment.</summary>
    /// <exception cref="InputException">One is not known, or has no value, or no meaning without a cluster.</exception>
    public static SiloSettings Read(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string?> environment)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(environment);
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
            if (name == KnownSettings.Secret)
                throw new InputException("The secret does not belong on the command line: give --secret-file, or ATTEND_SILO_SECRET in the environment.");
            values[name] = i + 1 < arguments.Count ? arguments[i + 1] : throw new InputException($"Setting {arguments[i]} has no value.");
        }
        return new SiloSettings(values);
    }

    /// <summary>Checks every setting of a silo, before anything is begun.</summary>
    /// <exception cref="InputException">One cannot be used, or two do not go together.</exception>
    public void Validate()
    {
        if (!JoinsCluster && KnownSettings.OfCluster.Select(known => known.Name).FirstOrDefault(name => Value(name) is not null) is { } lonely)
            throw new InputException($"Setting {lonely} is for a cluster, which has a secret: give --secret-file, or ATTEND_SILO_SECRET in the environment.");
        if (TlsCertificate is null != TlsKey is null)
            throw new InputException("Settings tls-certificate and tls-key go together; one of them is missing.");
        if (!IPAddress.IsLoopback(Listen) && Keys is null)
            throw new InputException($"Setting listen is '{Listen}', which others can reach, but there are no keys: make one with 'Distributed.Silo key NAME ROLE FILE' and give --keys FILE.");
        _ = (Keys, Data, HttpPort, FileRoots, Engine, JobsAtOnce, MemoryBytes, QuotaBytes, KeepsJobs, KeepsUploads, UploadsAtOnce);
    }

    /// <summary>A setting's text; null when it is not given.</summary>
    internal string? Value(string name) => _values.GetValueOrDefault(name);

    /// <summary>An IP address.</summary>
    /// <value>127.0.0.1.</value>
    internal IPAddress Address(string name) => Value(name) is not { } text ? IPAddress.Loopback
        : IPAddress.TryParse(text, out IPAddress? address) ? address
        : throw new InputException($"Setting {name} is '{text}'; an IP address is expected.");

    /// <summary>A whole number.</summary>
    internal int Number(string name, int otherwise, int least, int most) => Value(name) is not { } text ? otherwise
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) && number >= least && number <= most ? number
        : throw new InputException($"Setting {name} is '{text}'; a whole number from {least} to {most} is expected.");

    private double Decimal(string name, double otherwise, double least, double most) => Value(name) is not { } text ? otherwise
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && number >= least && number <= most ? number
        : throw new InputException(string.Create(CultureInfo.InvariantCulture, $"Setting {name} is '{text}'; a number from {least} to {most} is expected."));

    private string? ExistingFile(string name) => Value(name) is not { } path ? null
        : File.Exists(path) ? Path.GetFullPath(path)
        : throw new InputException($"Setting {name} is '{path}', which does not exist.");

    private static string StandardData() => Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData) is { Length: > 0 } folder
        ? Path.Combine(folder, "attend")
        : throw new InputException("Setting data is missing: the folder for all data; this user has no home to put it in.");

    private static string Checked(string name, string asGiven) => KnownSettings.Has(name)
        ? name
        : throw new InputException($"Setting {asGiven} is not known; Distributed.Silo --help lists those that are.");
}
