using System.CommandLine;
using Distributed.Cli.Clusters;
using Distributed.Cli.Output;
using Distributed.Cli.Parsing;
using Distributed.Engine;

namespace Distributed.Cli.Commands;

/// <summary><c>attend cluster bench</c>: what distribution costs on this machine.</summary>
internal static class ClusterBenchCommand
{
    private const int StandardPort = 8570;

    private static readonly Option<int?> Silos = Parsers.Of(
        "--silos", "N", "Silos of one thread each, and threads of the one process. [default: processors]", Parsers.Whole<int>("Silos"));

    private static readonly Option<int?> Rows = Parsers.Of("--rows", "N", "Rows of queries and keys. [default: 32768]", Parsers.Whole<int>("Rows"));

    private static readonly Option<int?> Heads = Parsers.Of("--heads", "N", "Heads. [default: 8]", Parsers.Whole<int>("Heads"));

    private static readonly Option<int?> HeadSize = Parsers.Of("--head-size", "N", "Head size. [default: 128]", Parsers.Whole<int>("Head size"));

    private static readonly Option<bool> Full = new("--full") { Description = "Every query sees every key. [default: causal]" };

    private static readonly Option<int?> Rounds = Parsers.Of("--rounds", "N", "How often to run both. [default: 3]", Parsers.Whole<int>("Rounds"));

    private static readonly Option<double?> LastSilo = Parsers.Of(
        "--last-silo", "SHARE", "Share of a processor that the last silo gets at most, above 0 and below 1; takes root.", Parsers.Number("Share of the last silo"));

    private static readonly Option<int?> Port = Parsers.Of(
        "--port", "N", $"HTTP port of the first silo; the others have the ports behind it. [default: {StandardPort}]", Parsers.Whole<int>("Port"));

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "bench",
            "Runs a job in one process and on silos of one thread each, and compares the times; let nothing else run.\n\n" +
            "Example:\n  attend cluster bench --silos 2 --full")
        {
            Silos, Rows, Heads, HeadSize, Full, Rounds, LastSilo, Port, CommonOptions.Json,
        };
        command.SetAction((parsed, cancellation) => Complaint.GuardAsync(() => RunAsync(parsed, cancellation)));
        return command;
    }

    private static async Task RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        var wanted = new ClusterBenchOptions(
            Checked("Silos", parsed.GetValue(Silos) ?? Environment.ProcessorCount, 64),
            Checked("Rows", parsed.GetValue(Rows) ?? 32_768, 1 << 24),
            Checked("Heads", parsed.GetValue(Heads) ?? 8, 1024),
            Checked("Head size", parsed.GetValue(HeadSize) ?? 128, 1024),
            !parsed.GetValue(Full),
            Checked("Rounds", parsed.GetValue(Rounds) ?? 3, 100),
            Checked("Port", parsed.GetValue(Port) ?? StandardPort, 65_000),
            Checked(parsed.GetValue(LastSilo)));
        bool json = parsed.GetValue(CommonOptions.Json);
        if (!json)
            ClusterBenchReport.WriteHeading(Console.Out, wanted);
        IReadOnlyList<ClusterBenchRound> rounds = await new ClusterBench(wanted).RunAsync(
            round =>
            {
                if (!json)
                    ClusterBenchReport.WriteRound(Console.Out, round);
            }, cancellation);
        if (json)
            ClusterBenchReport.WriteJson(Console.Out, wanted, rounds);
        else
            ClusterBenchReport.WriteSummary(Console.Out, rounds);
    }

    private static double? Checked(double? share) => share is null or (>= 0.01 and < 1)
        ? share
        : throw new InputException($"Share of the last silo {share} is out of range; 0.01 to below 1 is expected.");

    private static int Checked(string name, int value, int most) => value >= 1 && value <= most
        ? value
        : throw new InputException($"{name} {value} is out of range; 1 to {most} is expected.");
}
