using System.Globalization;
using System.Text;

namespace Distributed.Silo.Hosting;

/// <summary>The settings that there are, each with what <c>--help</c> says of it.</summary>
internal static class KnownSettings
{
    /// <summary>The cluster's secret, which is never given on the command line.</summary>
    public const string Secret = "secret";

    /// <summary>Settings of every silo.</summary>
    public static readonly IReadOnlyList<(string Name, string Meaning)> OfEverySilo =
    [
        ("data", "folder for all data (~/.local/share/attend)"),
        ("listen", "address that the HTTP endpoint listens on (127.0.0.1); beyond this machine it takes --keys"),
        ("http-port", "its port (8470); 0 = any free one"),
        ("keys", "file of API keys, made by 'Distributed.Silo key NAME ROLE FILE'"),
        ("tls-certificate", "PEM file: with it and --tls-key the endpoint answers over TLS alone"),
        ("tls-key", "PEM file: the certificate's private key"),
        ("file-roots", "folders for file: references, with colons between (none)"),
        ("threads", "compute threads (processors, in a cluster one fewer)"),
        ("blocks-at-once", "blocks computed at a time (2)"),
        ("device", "what folds tiles: cpu, cuda, cuda:N, opencl, opencl:N or auto (auto)"),
        ("checkpoint-seconds", "time between checkpoints of a block (5)"),
        ("jobs-at-once", "jobs computed at a time (2)"),
        ("memory-gb", "memory for jobs (3/4 of the machine's)"),
        ("quota-gb", "most that may be stored (as much as the disk has)"),
        ("keep-days", "how long jobs that have ended are kept, with their results (for ever)"),
        ("keep-upload-hours", "how long unfinished uploads are kept (24)"),
        ("uploads-at-once", "uploads at a time (16)"),
    ];

    /// <summary>Settings that only a cluster has. Its secret is what makes a silo join one.</summary>
    public static readonly IReadOnlyList<(string Name, string Meaning)> OfCluster =
    [
        (Secret, "the cluster's secret, at least 16 bytes, in the environment (ATTEND_SILO_SECRET) only"),
        ("secret-file", "file with the cluster's secret"),
        ("postgres", "connection string of the database of members; without it a try-out on this machine"),
        ("cluster", "name; silos of one name in one database are one cluster (attend)"),
        ("address", "address that other silos reach this one at (127.0.0.1)"),
        ("silo-port", "port for other silos (11111)"),
        ("gateway-port", "port for Orleans' clients (30000)"),
        ("tile-port", "port for tiles (any free one)"),
        ("primary-port", "try-out: the silo port of the first silo"),
        ("tile-cache-mb", "other silos' tiles held in memory (1024)"),
        ("transport", "how tiles travel: tcp or in-band (tcp)"),
        ("cluster-certificate", "PEM file: the silo's certificate, for TLS between silos"),
        ("cluster-key", "PEM file: its private key"),
        ("cluster-authority", "PEM file: the authority that has signed the certificates of all silos"),
    ];

    /// <summary>Whether there is such a setting.</summary>
    public static bool Has(string name) => OfEverySilo.Concat(OfCluster).Any(known => known.Name == name);

    /// <summary>What <c>--help</c> prints.</summary>
    public static string Help()
    {
        var text = new StringBuilder(
            """
            Distributed.Silo [--SETTING VALUE ...]      runs a server until Ctrl-C or SIGTERM
            Distributed.Silo key NAME ROLE FILE         adds an API key to a file; roles are read, submit and admin
            Distributed.Silo init --postgres ...        makes the tables of a cluster in its database

            Every setting can be given as ATTEND_SILO_NAME in the environment too (ATTEND_SILO_HTTP_PORT).


            """);
        Add("Settings:", OfEverySilo);
        text.AppendLine();
        Add("Settings of a cluster, which a silo joins when it is given the secret:", OfCluster);
        return text.ToString();

        void Add(string title, IReadOnlyList<(string Name, string Meaning)> settings)
        {
            text.AppendLine(title);
            foreach ((string name, string meaning) in settings)
                text.AppendLine(CultureInfo.InvariantCulture, $"  {(name == Secret ? name : "--" + name),-24}{meaning}");
        }
    }
}
