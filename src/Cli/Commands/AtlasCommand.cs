using System.CommandLine;
using Distributed.Cli.Atlas;
using Distributed.Cli.Clusters;
using Distributed.Cli.Output;
using Distributed.Cli.Parsing;
using Distributed.Engine;
using Distributed.Engine.Atlas;

namespace Distributed.Cli.Commands;

/// <summary><c>attend atlas</c>: the attention matrix of a finished job as a map in the browser.</summary>
internal static class AtlasCommand
{
    private const int StandardPort = 8480, StandardMebibytes = 1024;

    private static readonly Argument<string> Subject = new("file")
    {
        Description = "Output of attend run --lse or --analytics, or the folder that attend document wrote.",
    };

    private static readonly Option<int?> Port = Parsers.Of(
        "--port", "N", $"HTTP port. [default: {StandardPort}, or another where that is taken]", Parsers.Whole<int>("Port"));

    private static readonly Option<int?> Memory = Parsers.Of(
        "--memory", "MIB", $"Memory for tiles, in MiB: the more, the finer the overview. [default: {StandardMebibytes}]", Parsers.Whole<int>("Memory"));

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "atlas",
            "Shows the attention matrix of a finished job as a map, from the whole to single weights, in the browser, until Ctrl-C.\n\n" +
            "Examples:\n  attend atlas out.safetensors\n  attend atlas book-attention --port 8081")
        {
            Subject, Port, CommonOptions.Threads, Memory,
        };
        command.SetAction((parsed, cancellation) => Complaint.GuardAsync(() => RunAsync(parsed, cancellation)));
        return command;
    }

    private static async Task RunAsync(ParseResult parsed, CancellationToken cancellation)
    {
        string path = Path.GetFullPath(parsed.GetRequiredValue(Subject));
        int threads = parsed.GetValue(CommonOptions.Threads) ?? Environment.ProcessorCount, memory = parsed.GetValue(Memory) ?? StandardMebibytes;
        Require(threads is >= 1 and <= 1024, $"Threads {threads} is out of range; 1 to 1024 is expected.");
        Require(memory is >= 64 and <= 1 << 20, $"Memory {memory} is out of range; 64 to {1 << 20} MiB is expected.");
        if (parsed.GetValue(Port) is { } asked)
            Require(asked is >= 1 and <= 65_535 && LocalSilo.IsFree(asked), $"Port {asked} is not free; a free one of 1 to 65535 is expected.");
        int port = parsed.GetValue(Port) ?? (LocalSilo.IsFree(StandardPort) ? StandardPort : LocalSilo.FreePort());
        AtlasSubject.Open(path).Dispose();
        await using AtlasServer server = await AtlasServer.StartAsync(path, port, threads, memory, cancellation);
        Console.WriteLine(server.Page);
        Console.Error.WriteLine("Open this address in a browser; Ctrl-C ends it.");
        await server.EndAsync(cancellation);
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new InputException(otherwise);
    }
}
