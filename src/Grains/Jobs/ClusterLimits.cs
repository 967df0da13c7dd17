using Distributed.Engine;
using Distributed.Engine.FileJobs;

namespace Distributed.Grains.Jobs;

/// <summary>What one process takes from a job's specification, and a cluster cannot.</summary>
public static class ClusterLimits
{
    /// <summary>Refuses what belongs to each silo.</summary>
    /// <exception cref="InputException">The job asks for a number of threads or for a device.</exception>
    public static void Check(FileJobSpecification specification)
    {
        ArgumentNullException.ThrowIfNull(specification);
        specification.RefuseThreads();
        if (specification.Options.Device is var device && device != default)
            throw new InputException($"Device {device} cannot be chosen by a job on a cluster: each silo has its own.");
    }
}
