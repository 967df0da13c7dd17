using System.Collections;
using System.Net.Sockets;
using Distributed.Engine;
using Distributed.Silo.Access;

namespace Distributed.Silo.Hosting;

/// <summary>Runs a silo until it is told to stop: by itself, or in a cluster.</summary>
public static class SiloHost
{
    private const int Failed = 1, BadInput = 2;

    /// <summary>Runs what the arguments ask for.</summary>
    /// <returns>The process's exit code: 0 after a clean stop, 2 when a setting cannot be used, 1 when it fails otherwise.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            if (args is ["key", var name, var role, var file])
            {
                AddKey(name, role, file);
                return 0;
            }
            if (args is ["--help" or "-h" or "help"])
            {
                await Console.Out.WriteAsync(KnownSettings.Help());
                return 0;
            }
            if (args is ["init", .. var rest])
            {
                await SiloBuild.InitialiseClusterAsync(SiloSettings.Read(rest, ProcessEnvironment()));
                return 0;
            }
            SiloSettings settings = SiloSettings.Read(args, ProcessEnvironment());
            await using WebApplication app = SiloBuild.Build(settings);
            await app.StartAsync();
            Console.WriteLine($"attend silo on {string.Join(", ", app.Urls)}, data in {settings.Data}");
            await app.WaitForShutdownAsync();
            return 0;
        }
        catch (InputException error)
        {
            await Console.Error.WriteLineAsync(error.Message);
            return BadInput;
        }
        catch (IOException error) when (error.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            await Console.Error.WriteLineAsync($"{error.Message} Give another port with --http-port.");
            return BadInput;
        }
        catch (SocketException error)
        {
            await Console.Error.WriteLineAsync($"The server cannot listen where --listen and --http-port say: {error.Message}.");
            return BadInput;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync($"The server cannot begin: {error.Message}");
            return Failed;
        }
    }

    private static void AddKey(string name, string role, string file)
    {
        if (!Enum.TryParse(role, ignoreCase: true, out Role known) || !Enum.IsDefined(known) || char.IsDigit(role[0]))
            throw new InputException($"Role '{role}' is not known; read, submit or admin is expected.");
        Console.Error.WriteLine($"The key of {name}, which is told this once (its hash is in {file}):");
        Console.WriteLine(KeyRing.Add(file, new Caller(name, known)));
    }

    private static Dictionary<string, string?> ProcessEnvironment() => Environment.GetEnvironmentVariables()
        .Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value);
}
