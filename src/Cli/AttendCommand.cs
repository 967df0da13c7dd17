using System.CommandLine;
using Distributed.Cli.Commands;
using Distributed.Cli.Output;
using Distributed.Cli.Parsing;
using Distributed.Cli.Telemetry;
using Distributed.Engine;

namespace Distributed.Cli;

/// <summary>The command line of <c>attend</c>.</summary>
internal static class AttendCommand
{
    /// <summary>Runs the command that the arguments ask for.</summary>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        ParseResult parsed = Create().Parse(OptionalValues.Expand(arguments));
        if (parsed.Errors.Count > 0)
        {
            Complaint.Write(parsed.Errors[0].Message);
            return ExitCodes.BadInput;
        }
        // The library listens to signals only once a command has begun, when a file may already have been made.
        using var interruption = new Interruption();
        try
        {
            using IDisposable? telemetry = CommandTelemetry.Begin();
            return await parsed.InvokeAsync(
                new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null },
                interruption.Token);
        }
        catch (InputException error)
        {
            Complaint.Write(error.Message);
            return ExitCodes.BadInput;
        }
    }

    private static RootCommand Create() => new(
        "Exact attention over very long sequences, on this machine. Results go to stdout, progress to stderr.\n" +
        "Exit codes: 0 done, 1 failed, 2 bad input, 130 stopped by Ctrl-C.")
    {
        DemoCommand.Create(),
        DocumentCommand.Create(),
        RunCommand.Create(),
        PlanCommand.Create(),
        WeightsCommand.Create(),
        RolloutCommand.Create(),
        AtlasCommand.Create(),
        BenchCommand.Create(),
        ClusterCommand.Create(),
        JobCommand.Create(),
        TensorCommand.Create(),
    };
}
