using Distributed.Grains.Hosting;
using Distributed.Silo.Hosting;

namespace Distributed.Silo.Cluster;

/// <summary>The silos of the cluster, as this one sees them.</summary>
internal sealed class ClusterSiloStatus(Grains.Hosting.ClusterView cluster, SiloEngine engine, IGrainFactory grains) : ISiloStatus
{
    public async Task<Hosting.ClusterView> LookAsync() => new(
        engine.Name, cluster.Active,
        [.. (await cluster.InfosAsync(grains)).Select(silo => new SiloView(silo.Peer.Name, silo.Threads, silo.BlocksAtOnce, silo.Speed))]);
}
