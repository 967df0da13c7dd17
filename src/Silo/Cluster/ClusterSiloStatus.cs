using Distributed.Grains.Hosting;
using Distributed.Silo.Hosting;

namespace Distributed.Silo.Cluster;

/// <summary>The silos of the cluster, as this one sees them.</summary>
internal sealed class ClusterSiloStatus(Grains.Hosting.ClusterView cluster, SiloEngine engine, IGrainFactory grains) : ISiloStatus
{
    public async Task<Hosting.ClusterView> LookAsync() => new(
        engine.Name, Clustered: true, cluster.Active, [.. (await cluster.LookAsync(grains)).Select(View)]);

    private static SiloView View(MemberLoad silo) => silo.Load is { } load
        ? new SiloView(silo.Name, silo.State, load.Engine.Threads, load.BlocksAtOnce, load.Blocks, load.Jobs, load.Speed, load.Engine)
        : new SiloView(silo.Name, silo.State, 0, 0, 0, 0, null, null);
}
