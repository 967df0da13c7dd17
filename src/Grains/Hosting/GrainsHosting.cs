using Distributed.Grains.Placement;
using Distributed.Grains.Tiles;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Distributed.Grains.Hosting;

/// <summary>Adds the ring to an Orleans silo.</summary>
public static class GrainsHosting
{
    /// <summary>Adds the silo's engine, its grains' placement, and the settings without which the ring does not survive losses.</summary>
    /// <param name="silo">The silo.</param>
    /// <param name="options">How it takes part in jobs.</param>
    public static ISiloBuilder AddAttentionRing(this ISiloBuilder silo, ClusterEngineOptions options)
    {
        ArgumentNullException.ThrowIfNull(silo);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        silo.Services.AddSingleton(services => new SiloEngine(
            NamedSilo.NameOf(services.GetRequiredService<ILocalSiloDetails>().SiloAddress), options,
            () => new InBandTileTransport(services.GetRequiredService<IGrainFactory>()),
            services.GetRequiredService<ILoggerFactory>()));
        silo.Services.AddSingleton<ClusterView>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, SiloWatch>();
        silo.AddPlacementDirector<NamedSiloPlacement, NamedSiloDirector>();
        // With the default directory, grains of silos that live are deactivated when another silo dies.
        silo.AddDistributedGrainDirectory();
        // A dead silo is noticed in about three seconds, whether it was killed or froze (docs/cluster.md).
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            membership.ProbeTimeout = TimeSpan.FromSeconds(1);
            membership.MaxProbeTimeout = TimeSpan.FromSeconds(1);
            membership.NumMissedProbesLimit = 3;
            membership.NumVotesForDeathDeclaration = 2;
            membership.TableRefreshTimeout = TimeSpan.FromSeconds(2);
        });
        return silo;
    }
}
