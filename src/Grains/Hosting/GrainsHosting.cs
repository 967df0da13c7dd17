using Distributed.Grains.Placement;
using Distributed.Grains.Tiles;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Connections.Security;

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
        // Spans of a job on several silos are one trace.
        silo.AddActivityPropagation();
        silo.Services.AddSingleton<ClusterView>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, SiloWatch>();
        if (options.Tls is { } tls)
            UseTls(silo, tls);
        silo.AddPlacementDirector<NamedSiloPlacement, NamedSiloDirector>();
        // With the default directory, grains of silos that live are deactivated when another silo dies.
        silo.AddDistributedGrainDirectory();
        // A job bears two coordinators, of which one is out of date (JobStore, SiloEngine.Open), so none need wait until a
        // dead silo's registrations have expired.
        silo.Configure<GrainDirectoryOptions>(directory => directory.RangeLeaseDuration = TimeSpan.Zero);
        // A dead silo is noticed in about three seconds, whether it was killed or froze (docs/cluster.md).
        silo.Configure<ClusterMembershipOptions>(membership =>
        {
            membership.ProbeTimeout = TimeSpan.FromSeconds(1);
            membership.MaxProbeTimeout = TimeSpan.FromSeconds(1);
            membership.NumMissedProbesLimit = 3;
            membership.NumVotesForDeathDeclaration = 2;
            // A cluster that lost all its silos starts again when their entries are this old: three times 3 s.
            membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(3);
            membership.NumMissedTableIAmAliveLimit = 3;
            membership.TableRefreshTimeout = TimeSpan.FromSeconds(2);
        });
        // Every silo tells all others how busy it is. No placement here goes by that, and a thousand silos would tell it a million times a second.
        silo.Configure<DeploymentLoadPublisherOptions>(load => load.DeploymentLoadPublisherRefreshTime = TimeSpan.FromMinutes(1));
        return silo;
    }

    private static void UseTls(ISiloBuilder silo, SiloTls tls) => silo.UseTls(tls.Certificate, options =>
    {
        options.ClientCertificateMode = RemoteCertificateMode.RequireCertificate;
        options.RemoteCertificateMode = RemoteCertificateMode.RequireCertificate;
        options.LocalClientCertificateSelector = (_, _, _, _, _) => tls.Certificate;
        options.RemoteCertificateValidation = (certificate, _, _) => tls.TakesCaller(certificate) && tls.TakesListener(certificate);
        options.CheckCertificateRevocation = false;
    });
}
