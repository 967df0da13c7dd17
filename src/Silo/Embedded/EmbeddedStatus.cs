using Distributed.Engine.Telemetry;
using Distributed.Silo.Hosting;
using Distributed.Silo.Jobs;

namespace Distributed.Silo.Embedded;

/// <summary>A silo by itself is all there is.</summary>
internal sealed class EmbeddedStatus : ISiloStatus
{
    private readonly SiloSettings _settings;
    private readonly IJobService _jobs;
    private readonly string _name = $"{Environment.MachineName}:{Environment.ProcessId}";

    public EmbeddedStatus(SiloSettings settings, IJobService jobs)
    {
        (_settings, _jobs) = (settings, jobs);
        // Beside everything else: nothing waits for it.
        _ = Task.Run(() => ComputeLoad.MeasurePeak(settings.Engine.Threads));
    }

    public async Task<ClusterView> LookAsync()
    {
        JobPage running = await _jobs.ListAsync(new JobQuery([JobState.Running], null, null, null, _settings.JobsAtOnce));
        int blocks = 0;
        foreach (JobSummary job in running.Jobs)
            blocks += (await _jobs.BlocksAsync(job.Id))?.Blocks.Count(block => block.State == Engine.Timelines.BlockState.Running) ?? 0;
        // The threads begin with the first job.
        EngineStatus engine = EngineStatus.Now() with { Threads = _settings.Engine.Threads };
        return new ClusterView(_name, Clustered: false, [_name], [new SiloView(
            _name, "active", engine.Threads, _settings.Engine.BlocksAtOnce, blocks, running.Jobs.Count, null, engine)]);
    }
}
