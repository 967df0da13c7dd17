using System.CommandLine;
using System.Diagnostics;
using Distributed.Cli.Clusters;
using Distributed.Cli.Output;
using Distributed.Cli.Parsing;
using Distributed.Engine;

namespace Distributed.Cli.Commands;

/// <summary><c>attend cluster</c>: a cluster on this machine, and the database of a real one.</summary>
internal static class ClusterCommand
{
    private const int StandardPort = 8470;

    private static readonly Option<int?> Silos = Parsers.Of(
        "--silos", "N", "Silos to start, each a process of its own. [default: 2]", Parsers.Whole<int>("Silos"));

    private static readonly Option<int?> Threads = Parsers.Of(
        "--threads", "N", "Compute threads of each silo. [default: processors / silos, at least 1]", Parsers.Whole<int>("Threads"));

    private static readonly Option<int?> Port = Parsers.Of(
        "--port", "N", $"HTTP port of the first silo; the others have the ports behind it. [default: {StandardPort}]",
        Parsers.Whole<int>("Port"));

    private static readonly Option<string> Data = new("--data")
    {
        Description = "Folder for jobs and checkpoints; a cluster started on it again goes on with its jobs. [default: attend-cluster]",
        HelpName = "DIR",
        DefaultValueFactory = _ => "attend-cluster",
    };

    private static readonly Option<string> Files = new("--files")
    {
        Description = "Folders whose files jobs may read and write, with colons between. [default: this folder]",
        HelpName = "DIR:...",
        DefaultValueFactory = _ => ".",
    };

    private static readonly Option<string?> Postgres = Parsers.Of<string?>(
        "--postgres", "CONNECTION", "Keep the list of silos in this database, so that the loss of any silo is survived; " +
        "without it the first silo keeps it.", text => text);

    private static readonly Option<string> Database = new("--postgres")
    {
        Description = "Connection string of the database, such as 'Host=db;Database=attend;Username=attend'.",
        HelpName = "CONNECTION",
        Required = true,
    };

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var up = new Command(
            "up",
            "Runs a cluster of silos on this machine and shows it, until Ctrl-C.\n\nExample:\n  attend cluster up --silos 3\n" +
            "  attend run qkv.safetensors -o out.safetensors --cluster http://127.0.0.1:8470")
        {
            Silos, Threads, Port, Data, Files, Postgres,
        };
        up.SetAction((parsed, cancellation) => Complaint.GuardAsync(() => UpAsync(parsed, cancellation)));
        var init = new Command("init", "Makes the tables that silos need in a PostgreSQL database; those that are there stay.") { Database };
        init.SetAction((parsed, cancellation) => Complaint.GuardAsync(() => InitAsync(parsed.GetRequiredValue(Database), cancellation)));
        return new Command("cluster", "A cluster on this machine, and the database of a real one.") { up, init, ClusterBenchCommand.Create(), ClusterMixedCommand.Create() };
    }

    private static async Task UpAsync(ParseResult parsed, CancellationToken cancellation)
    {
        int silos = parsed.GetValue(Silos) ?? 2;
        int threads = parsed.GetValue(Threads) ?? Math.Max(1, Environment.ProcessorCount / Math.Max(1, silos));
        int port = parsed.GetValue(Port) ?? StandardPort;
        Require(silos is >= 1 and <= 64, $"Silos {silos} is out of range; 1 to 64 is expected.");
        Require(threads is >= 1 and <= 1024, $"Threads {threads} is out of range; 1 to 1024 is expected.");
        Require(port >= 1 && port + silos <= 65_536, $"Port {port} is out of range; 1 to {65_536 - silos} is expected.");
        var wanted = new LocalClusterOptions(
            silos, threads, Path.GetFullPath(parsed.GetRequiredValue(Data)),
            string.Join(':', parsed.GetRequiredValue(Files).Split(':', StringSplitOptions.RemoveEmptyEntries).Select(Path.GetFullPath)), port, parsed.GetValue(Postgres), "attend");
        await using LocalCluster cluster = await LocalCluster.StartAsync(wanted, cancellation);
        Console.WriteLine($"{silos} silos of {threads} threads, data in {wanted.DataFolder}");
        Console.WriteLine($"submit with --cluster {string.Join(',', cluster.Silos.Select(silo => silo.Address.ToString().TrimEnd('/')))}");
        await ClusterDisplay.ShowAsync(cluster, cancellation);
        Console.Error.WriteLine("Stopping the silos.");
    }

    private static async Task InitAsync(string database, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(SiloProgram.FindForCluster(), ["init"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["ATTEND_SILO_POSTGRES"] = database;
        using Process silo = Process.Start(start)!;
        Task<string> output = silo.StandardOutput.ReadToEndAsync(cancellation), error = silo.StandardError.ReadToEndAsync(cancellation);
        await silo.WaitForExitAsync(cancellation);
        if (silo.ExitCode != 0)
            throw new InputException((await error).Trim());
        Console.Out.Write(await output);
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new InputException(otherwise);
    }
}
