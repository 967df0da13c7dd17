using System.CommandLine;
using Distributed.Cli.Parsing;
using Distributed.Client;
using Distributed.Engine;

namespace Distributed.Cli.Servers;

/// <summary>Which server a command talks to.</summary>
internal static class ServerOptions
{
    private const string AddressVariable = "ATTEND_SERVER", KeyVariable = "ATTEND_KEY";

    /// <summary>The server.</summary>
    public static Option<IReadOnlyList<Uri>?> Server { get; } = Parsers.Of<IReadOnlyList<Uri>?>(
        "--server", "URL,...",
        $"The server; of several silos of a cluster, the next is asked when one is lost. [default: {AddressVariable} in the environment, else http://127.0.0.1:8470]",
        Clusters.ClusterRun.Addresses);

    /// <summary>A client of it. The key comes from the environment alone: every user of the machine can read command lines.</summary>
    /// <exception cref="InputException">The environment's address is none.</exception>
    public static SiloClient Connect(ParseResult parsed) => new(new SiloClientOptions
    {
        Silos = parsed.GetValue(Server) ?? Clusters.ClusterRun.Addresses(Environment.GetEnvironmentVariable(AddressVariable) ?? "http://127.0.0.1:8470"),
        Key = Environment.GetEnvironmentVariable(KeyVariable),
        Patience = TimeSpan.FromSeconds(10),
    });

    /// <summary>Runs a command's work, and tells what the server says in the command's own words.</summary>
    public static async Task RunAsync(ParseResult parsed, Func<SiloClient, Task> work)
    {
        using SiloClient client = Connect(parsed);
        try
        {
            await work(client);
        }
        catch (SiloException error)
        {
            throw error.IsInputError ? new InputException(error.Message, error) : new IOException(error.Message, error);
        }
    }
}
