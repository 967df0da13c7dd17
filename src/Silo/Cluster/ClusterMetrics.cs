using System.Diagnostics.Metrics;
using Distributed.Grains.Hosting;
using Distributed.Grains.Telemetry;

namespace Distributed.Silo.Cluster;

/// <summary>What is counted of the cluster as this silo sees it.</summary>
internal sealed class ClusterMetrics(ClusterView cluster) : IHostedService, IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Distributed.Cluster";

    private readonly Meter _meter = new(MeterName);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        GrainsMetrics.Publish();
        _meter.CreateObservableGauge(
            "attend.cluster.silos", () => cluster.Active.Count, "{silo}", "Silos at work in the cluster, as this one sees it.");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _meter.Dispose();
}
