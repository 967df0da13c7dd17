using System.CommandLine;

namespace Distributed.Cli.Commands;

/// <summary>Options that several commands have.</summary>
internal static class CommonOptions
{
    /// <summary>Result as JSON.</summary>
    public static Option<bool> Json { get; } = new("--json") { Description = "Print the result as one JSON object." };
}
