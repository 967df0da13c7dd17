namespace Distributed.Cluster.Tests.Faults;

/// <summary>What was measured of a fault, run by run.</summary>
internal sealed class FaultTimes
{
    /// <summary>Seconds from the fault until the silos that were left had declared the lost one dead.</summary>
    public List<double> Detected { get; } = [];

    /// <summary>Seconds from the fault until the job was as far as before it.</summary>
    public List<double> Recovered { get; } = [];

    /// <summary>Share of the work done again, in per cent.</summary>
    public List<double> Redone { get; } = [];

    public void Add((double Detected, double Recovered) times, JobView ended)
    {
        Detected.Add(times.Detected);
        Recovered.Add(times.Recovered);
        Redone.Add(ended.Redone * 100);
    }
}
