using System.Text.Json;
using Distributed.Engine.Timelines;
using Distributed.Grains.Hosting;
using Distributed.Silo.Access;
using Distributed.Silo.Http;
using Distributed.Silo.Jobs;

namespace Distributed.Silo.Cluster.Queue;

/// <summary>The jobs of a cluster, from any of its silos: every question goes to the queue, wherever it lives.</summary>
internal sealed class ClusterJobService(IGrainFactory grains, IHostApplicationLifetime lifetime) : IJobService
{
    /// <summary>A call to a grain must be answered well before Orleans gives it up.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    public async Task<(JobSnapshot Job, bool IsNew)> SubmitAsync(JobOrder order)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
            throw new RefusedException(Refusal.Draining, "This silo is about to stop and takes no more jobs; ask another one.");
        QueueAnswer answer = await AskAsync(QueueMatter.Submit, Guid.Empty, order);
        return (new JobSnapshot(answer.Json!), answer.IsNew);
    }

    public async Task<JobSnapshot?> FindAsync(Guid job) => Snapshot(await AskAsync(QueueMatter.Find, job));

    public async Task<JobPage> ListAsync(JobQuery query) => Read<JobPage>(await AskAsync(QueueMatter.List, Guid.Empty, query))!;

    public async Task<JobSnapshot?> WhenChangedAsync(Guid job, long after, TimeSpan patience, CancellationToken cancellation)
    {
        TimeSpan wait = patience < LongestWait ? patience : LongestWait;
        return Snapshot(await AskAsync(new QueueQuestion(QueueMatter.WhenChanged, job, after, wait, [])).WaitAsync(cancellation));
    }

    public async Task<JobBlocks?> BlocksAsync(Guid job) => Read<JobBlocks>(await AskAsync(QueueMatter.Blocks, job));

    public async Task<JobSnapshot> PauseAsync(Guid job, Caller caller) => Snapshot(await AskAsync(QueueMatter.Pause, job, caller))!;

    public async Task<JobSnapshot> ResumeAsync(Guid job, Caller caller) => Snapshot(await AskAsync(QueueMatter.Resume, job, caller))!;

    public async Task<JobSnapshot> CancelAsync(Guid job, Caller caller) => Snapshot(await AskAsync(QueueMatter.Cancel, job, caller))!;

    public async Task<JobSnapshot?> RemoveAsync(Guid job, Caller caller) => Snapshot(await AskAsync(QueueMatter.Remove, job, caller));

    public async Task<JobPaths?> PathsAsync(Guid job) => Read<JobPaths>(await AskAsync(QueueMatter.Paths, job));

    public async Task<QueueStatus> StatusAsync()
    {
        QueueStatus status = Read<QueueStatus>(await AskAsync(QueueMatter.Status, Guid.Empty))!;
        return status with { Draining = status.Draining || lifetime.ApplicationStopping.IsCancellationRequested };
    }

    private Task<QueueAnswer> AskAsync<T>(QueueMatter matter, Guid job, T said) =>
        AskAsync(new QueueQuestion(matter, job, 0, default, JsonSerializer.SerializeToUtf8Bytes(said, ApiJson.Options)));

    private Task<QueueAnswer> AskAsync(QueueMatter matter, Guid job) => AskAsync(new QueueQuestion(matter, job, 0, default, []));

    private async Task<QueueAnswer> AskAsync(QueueQuestion question)
    {
        QueueAnswer answer;
        try
        {
            answer = await grains.GetGrain<IQueueGrain>(0).AskAsync(question);
        }
        catch (Exception error) when (CallFailure.Is(error))
        {
            throw new RefusedException(Refusal.Unavailable, $"The queue of the cluster does not answer just now: {error.Message}");
        }
        return answer.Refusal is { } refusal
            ? throw new RefusedException(JsonSerializer.Deserialize<Refusal>(refusal, ApiJson.Options)!, answer.Detail ?? "")
            : answer;
    }

    private static JobSnapshot? Snapshot(QueueAnswer answer) => answer.Json is { } json ? new JobSnapshot(json) : null;

    private static T? Read<T>(QueueAnswer answer)
        where T : class => answer.Json is { } json ? JsonSerializer.Deserialize<T>(json, ApiJson.Options) : null;
}
