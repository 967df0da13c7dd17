using System.CommandLine;
using Distributed.Cli.Parsing;

namespace Distributed.Cli.Commands;

/// <summary>Options that several commands have.</summary>
internal static class CommonOptions
{
    /// <summary>Result as JSON.</summary>
    public static Option<bool> Json { get; } = new("--json") { Description = "Print the result as one JSON object." };

    /// <summary>Blocks of the ring.</summary>
    public static Option<int?> Blocks { get; } = Parsers.Of(
        "--blocks", "N", "Blocks of the ring. The result is the same, to the bit. [default: 1]", Parsers.Whole<int>("Blocks"));

    /// <summary>Compute threads.</summary>
    public static Option<int?> Threads { get; } = Parsers.Of(
        "--threads", "N", "Compute threads. The result is the same, to the bit. [default: all processors]",
        Parsers.Whole<int>("Threads"));
}
