using System.Collections;
using System.Net;
using Distributed.Engine;
using Distributed.Grains.Hosting;
using Distributed.Silo.Cluster.Membership;
using Distributed.Silo.Telemetry;
using Microsoft.Extensions.Options;
using Npgsql;
using Orleans.Configuration;

namespace Distributed.Silo.Cluster;

/// <summary>Runs a silo with its HTTP endpoint until it is told to stop.</summary>
public static class ClusterHost
{
    private const int BadInput = 2;

    /// <summary>Runs it.</summary>
    /// <returns>The process's exit code: 0 after a clean stop, 2 when a setting cannot be used.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        try
        {
            if (args is ["init", .. var rest])
            {
                await InitialiseAsync(SiloSettings.Read(rest, ProcessEnvironment()));
                return 0;
            }
            await using WebApplication app = Build(SiloSettings.Read(args, ProcessEnvironment()));
            await app.RunAsync();
            return 0;
        }
        catch (InputException error)
        {
            await Console.Error.WriteLineAsync(error.Message);
            return BadInput;
        }
        catch (NpgsqlException error)
        {
            await Console.Error.WriteLineAsync($"The database of the cluster cannot be used: {error.Message}");
            return BadInput;
        }
    }

    /// <summary>Puts the silo together.</summary>
    public static WebApplication Build(SiloSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Distributed", LogLevel.Information);
        builder.Logging.AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat, console.UseUtcTimestamp) = (true, "HH:mm:ss.fff ", true));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, settings.HttpPort));
        builder.AddTelemetry($"{settings.Address}:{settings.SiloPort}");
        builder.Services.AddProblemDetails();
        builder.Services.ConfigureHttpJsonOptions(json => JobJson.Configure(json.SerializerOptions));
        ClusterEngineOptions engine = settings.Engine;
        builder.Host.UseOrleans(silo =>
        {
            AddClustering(silo, settings);
            silo.AddAttentionRing(engine);
            silo.Services.AddHostedService<ClusterMetricsHosting>();
        });
        WebApplication app = builder.Build();
        app.UseMiddleware<LocalCallersOnly>();
        app.MapJobs();
        app.MapCluster();
        return app;
    }

    private static void AddClustering(ISiloBuilder silo, SiloSettings settings)
    {
        if (settings.Postgres is { } postgres)
        {
            silo.Configure<ClusterOptions>(
                cluster => (cluster.ServiceId, cluster.ClusterId) = ("attend", settings.Cluster));
            silo.ConfigureEndpoints(settings.Address, settings.SiloPort, settings.GatewayPort);
            silo.Services.AddSingleton<IMembershipTable>(services =>
            {
                ClusterMembershipOptions membership = services.GetRequiredService<IOptions<ClusterMembershipOptions>>().Value;
                return new PostgresMembershipTable(
                    postgres, settings.Cluster, new IPEndPoint(settings.Address, settings.SiloPort),
                    membership.IAmAliveTablePublishTimeout * membership.NumMissedTableIAmAliveLimit);
            });
        }
        else
        {
            silo.UseLocalhostClustering(
                settings.SiloPort, settings.GatewayPort, new IPEndPoint(IPAddress.Loopback, settings.PrimaryPort), "attend",
                settings.Cluster);
        }
    }

    private static async Task InitialiseAsync(SiloSettings settings)
    {
        string postgres = settings.Postgres ?? throw new InputException("Setting postgres is missing: the connection string of the database to prepare.");
        await PostgresMembershipTable.CreateTablesAsync(postgres);
        Console.WriteLine("The database is ready for clusters.");
    }

    private static Dictionary<string, string?> ProcessEnvironment() => Environment.GetEnvironmentVariables()
        .Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value);
}
