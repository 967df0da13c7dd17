using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using Distributed.Engine;
using Distributed.Engine.FileJobs;
using Distributed.Engine.FileJobs.Specification;
using Distributed.Engine.Plan;
using Distributed.Engine.Timelines;
using Distributed.Grains.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Placement;

namespace Distributed.Grains.Jobs;

/// <summary>Takes a job on, and hosts its <see cref="JobCoordinator"/> until it has ended.</summary>
/// <remarks>It lives beside the queue that begins it: what the two say to one another need not leave the process.</remarks>
[KeepAlive, PreferLocalPlacement]
#pragma warning disable CA1001 // RunAsync disposes the coordinator when it has ended.
internal sealed partial class JobGrain(SiloEngine engine, ClusterView cluster, ILogger<JobGrain> log) : Grain, IJobGrain
#pragma warning restore CA1001
{
    private static readonly JsonSerializerOptions BlocksJson = new(JsonSerializerDefaults.Web)
    {
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    private JobCoordinator? _coordinator;
    private Task? _run;

    private Guid Job => this.GetPrimaryKey();

    public async Task<string?> StartAsync(string specification)
    {
        if (await Task.Run(() => engine.Store.Load(Job)) is null)
        {
            try
            {
                IReadOnlyList<Silos.SiloInfo> silos = await cluster.InfosAsync(GrainFactory);
                await Task.Run(() => TakeOn(specification, silos));
            }
            catch (InputException error)
            {
                await Task.Run(() => engine.Store.Forget(Job));
                DeactivateOnIdle();
                return error.Message;
            }
        }
        else if (await Task.Run(() => engine.Store.Outcome(Job)) is null)
        {
            await Task.Run(() => engine.Store.Activate(Job));
        }
        await EnsureRunningAsync();
        return null;
    }

    public async Task EnsureRunningAsync()
    {
        if (_run is not null)
            return;
        JobRecord? record = await Task.Run(() => engine.Store.Load(Job));
        if (_run is not null)
            return;
        if (record is null || engine.Store.Outcome(Job) is not null)
        {
            // It ended just before this was asked; the grain would live on for nothing.
            DeactivateOnIdle();
            return;
        }
        if (!engine.Store.IsActive(Job))
            return;
        _coordinator = new JobCoordinator(Job, record, engine, cluster, GrainFactory, log);
        _run = RunAsync(_coordinator);
    }

    public async Task<JobInfo?> GetAsync()
    {
        if (_coordinator is { } coordinator)
            return coordinator.Info;
        return await Task.Run(() => engine.Store.Outcome(Job)
            ?? (engine.Store.Load(Job) is { } record
                ? new JobInfo { Id = Job, Blocks = record.Blocks, State = engine.Store.IsActive(Job) ? JobState.Waiting : JobState.Paused }
                : null));
    }

    public async Task<string?> GetBlocksAsync()
    {
        JobBlocks? blocks = _coordinator is { } coordinator ? coordinator.Blocks : await Task.Run(() => engine.Store.Blocks(Job));
        return blocks is null ? null : JsonSerializer.Serialize(blocks, BlocksJson);
    }

    public async Task<JobInfo?> WatchAsync(TimeSpan patience)
    {
        if (_coordinator is { } coordinator)
            await Task.WhenAny(coordinator.Told, Task.Delay(patience));
        return await GetAsync();
    }

    public async Task PauseAsync()
    {
        await Task.Run(() => engine.Store.Deactivate(Job));
        _coordinator?.Pause();
        if (_run is { } run)
            await run;
    }

    public async Task CancelAsync()
    {
        if (await Task.Run(() => engine.Store.Load(Job) is not null && engine.Store.Outcome(Job) is null))
            await Task.Run(() => engine.Store.Activate(Job));
        await EnsureRunningAsync();
        _coordinator?.Cancel();
        if (_run is { } run)
            await run;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        // The silo goes; the blocks on other silos go on, and the next coordinator finds them.
        if (_coordinator is { } coordinator)
        {
            LogLeaves(log, Job, reason.ReasonCode, reason.Description);
            coordinator.HandOver();
        }
        if (_run is { } run)
            await run;
    }

    private async Task RunAsync(JobCoordinator coordinator)
    {
        try
        {
            await coordinator.RunAsync();
        }
#pragma warning disable CA1031 // The coordinator's end is written down by itself; what is left is this silo's trouble, and another one goes on.
        catch (Exception error)
#pragma warning restore CA1031
        {
            LogGivenUp(log, Job, error);
        }
        finally
        {
            _coordinator = null;
            _run = null;
            coordinator.Dispose();
            DeactivateOnIdle();
        }
    }

    private void TakeOn(string json, IReadOnlyList<Silos.SiloInfo> silos)
    {
        FileJobSpecification specification = SpecificationDocument.Read(json);
        ClusterLimits.Check(specification);
        RequireAbsolute(specification.Inputs.All.Append(specification.Output));
        using JobFiles files = JobFiles.Open(specification);
        // The output is made once and taken away again, so that a name or a disk that will not do is known now.
        engine.Store.Prepare(Job);
        using (FileJobOutput.Create(specification, files, path => engine.Store.BeginOutput(Job, 0, path)))
        {
        }
        (int blocks, int rowsPerLane) = JobPlanner.Cut(
            specification, files.Input, silos.Sum(silo => silo.BlocksAtOnce), silos.Max(silo => silo.Threads));
        engine.Store.Create(Job, new JobRecord(
            SpecificationDocument.Write(specification), blocks, rowsPerLane, InputStamp.Of(specification.Inputs), DateTimeOffset.UtcNow)
        {
            Trace = Activity.Current?.Id,
            UnlikeDevices = silos.DistinctBy(silo => silo.Device).Count() > 1,
        });
    }

    private static void RequireAbsolute(IEnumerable<string> paths)
    {
        if (paths.FirstOrDefault(path => !Path.IsPathFullyQualified(path)) is { } relative)
            throw new InputException($"Path '{relative}' is relative; a cluster takes absolute paths, which all silos see.");
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The coordinator of job {Job} leaves this silo before the job has ended: {Reason}, {Why}")]
    private static partial void LogLeaves(ILogger log, Guid job, DeactivationReasonCode reason, string why);

    [LoggerMessage(Level = LogLevel.Error, Message = "The coordinator of job {Job} has given up.")]
    private static partial void LogGivenUp(ILogger log, Guid job, Exception why);
}
