using System.CommandLine;
using Distributed.Cli.Clusters;
using Distributed.Cli.Output;
using Distributed.Cli.Parsing;
using Distributed.Engine;
using Distributed.Kernels.Devices;

namespace Distributed.Cli.Commands;

/// <summary><c>attend cluster mixed</c>: what a ring of unlike devices gets out of them.</summary>
internal static class ClusterMixedCommand
{
    private const int StandardPort = 8570;

    private static readonly Option<string> Devices = new("--devices")
    {
        Description = "The device of each silo, such as cpu,cuda:0,cuda:1.",
        HelpName = "DEVICE,...",
        Required = true,
    };

    private static readonly Option<int?> Threads = Parsers.Of("--threads", "N", "Compute threads of each silo. [default: 1]", Parsers.Whole<int>("Threads"));

    private static readonly Option<bool> Pinned = new("--one-processor-each") { Description = "Each silo may use one processor, of its own as far as there are enough." };

    private static readonly Option<int?> Rows = Parsers.Of("--rows", "N", "Rows of queries and keys. [default: 32768]", Parsers.Whole<int>("Rows"));

    private static readonly Option<int?> Heads = Parsers.Of("--heads", "N", "Heads. [default: 8]", Parsers.Whole<int>("Heads"));

    private static readonly Option<int?> HeadSize = Parsers.Of("--head-size", "N", "Head size. [default: 128]", Parsers.Whole<int>("Head size"));

    private static readonly Option<bool> Full = new("--full") { Description = "Every query sees every key. [default: causal]" };

    private static readonly Option<int?> Window = Parsers.Of(
        "--window", "N", "Keys before a query that it sees, with causal attention. [default: all]", Parsers.Whole<int>("Window"));

    private static readonly Option<int?> Port = Parsers.Of(
        "--port", "N", $"HTTP port of the first silo; the others have the ports behind it. [default: {StandardPort}]", Parsers.Whole<int>("Port"));

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "mixed",
            "Runs a job on a silo of each device by itself and on all of them together, and compares the rates; let nothing else run.\n\n" +
            "Example:\n  attend cluster mixed --devices cpu,cuda")
        {
            Devices, Threads, Pinned, Rows, Heads, HeadSize, Full, Window, Port, CommonOptions.Json,
        };
        command.SetAction((parsed, cancellation) => Complaint.GuardAsync(() => RunAsync(parsed, cancellation)));
        return command;
    }

    private static async Task RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string[] devices = parsed.GetRequiredValue(Devices).Split(',');
        foreach (string device in devices)
        {
            if (!DeviceChoice.TryParse(device, out _))
                throw new InputException($"Device '{device}' is not known; {DeviceChoice.Expected} is expected.");
        }
        bool full = parsed.GetValue(Full);
        int? window = parsed.GetValue(Window);
        if (full && window is not null)
            throw new InputException($"--full and --window {window} exclude one another.");
        Checked("Devices", devices.Length, 2, 64);
        var wanted = new MixedRingOptions(
            devices,
            Checked("Threads", parsed.GetValue(Threads) ?? 1, 1, 1024),
            parsed.GetValue(Pinned),
            Checked("Rows", parsed.GetValue(Rows) ?? 32_768, 1, 1 << 24),
            Checked("Heads", parsed.GetValue(Heads) ?? 8, 1, 1024),
            Checked("Head size", parsed.GetValue(HeadSize) ?? 128, 1, 1024),
            full,
            window is { } keys ? Checked("Window", keys, 1, 1 << 24) : null,
            Checked("Port", parsed.GetValue(Port) ?? StandardPort, 1, 65_000));
        bool json = parsed.GetValue(CommonOptions.Json);
        if (!json)
            MixedRingReport.WriteHeading(Console.Out, wanted);
        MixedRingResult result = await new MixedRingBench(wanted).RunAsync(
            (run, seconds) =>
            {
                if (!json)
                    MixedRingReport.WriteRun(Console.Out, run, seconds);
            }, cancellation);
        if (json)
            MixedRingReport.WriteJson(Console.Out, wanted, result);
        else
            MixedRingReport.WriteSummary(Console.Out, result);
    }

    private static int Checked(string name, int value, int least, int most) => value >= least && value <= most
        ? value
        : throw new InputException($"{name} {value} is out of range; {least} to {most} is expected.");
}
