using Distributed.Engine.Devices;
using Distributed.Silo.Hosting;
using Distributed.Silo.Jobs;
using Distributed.Silo.Storage;

namespace Distributed.Silo.Embedded;

/// <summary>A silo by itself: the queue and the engine in this process.</summary>
internal static class EmbeddedBuild
{
    public static void Add(WebApplicationBuilder builder, SiloSettings settings)
    {
        // Here, before anything is begun: a device that cannot be had is a setting that cannot be used.
        string device = DeviceLookup.Describe(settings.Engine.Device);
        builder.Services.AddSingleton<IJobRunner>(all => new EmbeddedRunner(all.GetRequiredService<DataFolder>(), settings.Engine));
        builder.Services.AddSingleton(new JobQueueOptions
        {
            AtOnce = settings.JobsAtOnce,
            MemoryBytes = settings.MemoryBytes,
            KeepsFor = settings.KeepsJobs,
        });
        builder.Services.AddSingleton<JobQueue>();
        builder.Services.AddSingleton<IJobService>(all => all.GetRequiredService<JobQueue>());
        builder.Services.AddSingleton<ISiloStatus, EmbeddedStatus>();
        builder.Services.AddHostedService(all => ActivatorUtilities.CreateInstance<EmbeddedService>(all, device));
    }
}
