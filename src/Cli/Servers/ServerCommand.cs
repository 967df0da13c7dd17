using System.CommandLine;
using Distributed.Cli.Output;
using Distributed.Client;

namespace Distributed.Cli.Servers;

/// <summary>Makes commands that talk to a server.</summary>
internal static class ServerCommand
{
    /// <summary>A command with <see cref="ServerOptions.Server"/> and its own arguments and options.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="description">One sentence of help.</param>
    /// <param name="run">What it does with a client of the server.</param>
    /// <param name="parts">Its arguments and options.</param>
    public static Command Of(
        string name, string description, Func<ParseResult, SiloClient, CancellationToken, Task> run, params ReadOnlySpan<Symbol> parts)
    {
        var command = new Command(name, description) { ServerOptions.Server };
        foreach (Symbol part in parts)
        {
            if (part is Argument argument)
                command.Add(argument);
            else
                command.Add((Option)part);
        }
        command.SetAction((parsed, stop) => Complaint.GuardAsync(() => ServerOptions.RunAsync(parsed, client => run(parsed, client, stop))));
        return command;
    }
}
