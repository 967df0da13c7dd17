using Distributed.Engine.Devices;
using Distributed.Silo.Hosting;
using Distributed.Silo.Jobs;
using Distributed.Silo.Storage;

namespace Distributed.Silo.Embedded;

/// <summary>A silo by itself: the queue and the engine in this process.</summary>
internal static partial class EmbeddedBuild
{
    public static void Add(WebApplicationBuilder builder, SiloSettings settings)
    {
        // Here, before anything is begun: a device that cannot be had is a setting that cannot be used.
        string device = DeviceLookup.Describe(settings.Engine.Device);
        builder.Services.AddSingleton<IJobRunner>(all =>
        {
            ILogger<EmbeddedRunner> log = all.GetRequiredService<ILogger<EmbeddedRunner>>();
            return new EmbeddedRunner(all.GetRequiredService<DataFolder>(), settings.Engine with { Tells = note => LogNote(log, note) });
        });
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

    [LoggerMessage(Level = LogLevel.Information, Message = "{Note}")]
    private static partial void LogNote(ILogger log, string note);
}
