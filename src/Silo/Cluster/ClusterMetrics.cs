using System.Diagnostics.Metrics;

namespace Distributed.Silo.Cluster;

/// <summary>What is counted of the cluster as this silo sees it.</summary>
internal sealed class ClusterMetrics : IDisposable
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Distributed.Cluster";

    private readonly Meter _meter = new(MeterName);

    /// <summary>Begins to count.</summary>
    /// <param name="silos">Tells how many silos are at work.</param>
    public ClusterMetrics(Func<int> silos) => _meter.CreateObservableGauge(
        "attend.cluster.silos", silos, "{silo}", "Silos at work in the cluster, as this one sees it.");

    public void Dispose() => _meter.Dispose();
}
