using Distributed.Silo.Jobs;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Distributed.Silo.Hosting;

/// <summary>Ready while the queue takes jobs.</summary>
internal sealed class QueueHealth(IJobService jobs) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        QueueStatus status = await jobs.StatusAsync();
        return status.Draining ? HealthCheckResult.Unhealthy("The server is about to stop.") : HealthCheckResult.Healthy();
    }
}
