using System.Net;
using Distributed.Engine;
using Distributed.Grains.Hosting;
using Distributed.Silo.Cluster.Membership;
using Distributed.Silo.Cluster.Queue;
using Distributed.Silo.Hosting;
using Distributed.Silo.Jobs;
using Microsoft.Extensions.Options;
using Npgsql;
using Orleans.Configuration;

namespace Distributed.Silo.Cluster;

/// <summary>A silo of a cluster: the queue is a grain, and jobs are computed by all silos.</summary>
internal static class ClusterBuild
{
    public static void Add(WebApplicationBuilder builder, SiloSettings all)
    {
        var settings = new ClusterSettings(all);
        ClusterEngineOptions engine = settings.Engine;
        builder.Services.AddSingleton<IJobRunner, ClusterRunner>();
        builder.Services.AddSingleton(new JobQueueOptions
        {
            AtOnce = all.JobsAtOnce,
            MemoryBytes = all.MemoryBytes,
            KeepsFor = all.KeepsJobs,
            LeftBehindAfter = TimeSpan.FromMinutes(10),
        });
        builder.Services.AddTransient<JobQueue>();
        builder.Services.AddSingleton<IJobService, ClusterJobService>();
        builder.Services.AddSingleton<ISiloStatus, ClusterSiloStatus>();
        builder.Services.AddHostedService<QueueWatch>();
        builder.Host.UseOrleans(silo =>
        {
            AddClustering(silo, settings);
            silo.AddAttentionRing(engine);
            silo.Services.AddHostedService<ClusterMetricsHosting>();
        });
    }

    /// <summary>Makes the tables of the database.</summary>
    /// <exception cref="InputException">It cannot be used.</exception>
    public static async Task InitialiseAsync(SiloSettings all)
    {
        string postgres = new ClusterSettings(all).Postgres
            ?? throw new InputException("Setting postgres is missing: the connection string of the database to prepare.");
        try
        {
            await PostgresMembershipTable.CreateTablesAsync(postgres);
            Console.WriteLine("The database is ready for clusters.");
        }
        catch (NpgsqlException error)
        {
            throw new InputException($"The database of the cluster cannot be used: {error.Message}", error);
        }
    }

    private static void AddClustering(ISiloBuilder silo, ClusterSettings settings)
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
}
