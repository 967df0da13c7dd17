using Distributed.Grains.Hosting;
using Distributed.Grains.Telemetry;

namespace Distributed.Silo.Cluster;

/// <summary>Counts the cluster's silos and blocks from the host's start to its end.</summary>
internal sealed class ClusterMetricsHosting(ClusterView cluster) : IHostedService, IDisposable
{
    private ClusterMetrics? _metrics;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        GrainsMetrics.Publish();
        _metrics = new ClusterMetrics(() => cluster.Active.Count);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _metrics?.Dispose();
}
