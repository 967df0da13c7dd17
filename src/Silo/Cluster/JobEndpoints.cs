using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using Distributed.Grains.Hosting;
using Distributed.Grains.Jobs;
using Distributed.Silo.Http;

namespace Distributed.Silo.Cluster;

/// <summary>Submit a job, watch it, cancel it.</summary>
internal static class JobEndpoints
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(200);

    public static void MapJobs(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder jobs = app.MapGroup("/v1/jobs").AddEndpointFilter(Unavailable);
        jobs.MapPost("", SubmitAsync);
        jobs.MapGet("", (SiloEngine engine) => engine.Store.All());
        jobs.MapGet("{id:guid}", GetAsync);
        jobs.MapGet("{id:guid}/events", EventsAsync);
        jobs.MapDelete("{id:guid}", CancelAsync);
    }

    private static async Task<IResult> SubmitAsync(HttpRequest request, IGrainFactory grains)
    {
        if (request.HasJsonContentType() is false)
            return Problems.BadInput($"Content type '{request.ContentType}' is not application/json.");
        using var body = new StreamReader(request.Body);
        var id = Guid.NewGuid();
        string? wrong = await grains.GetGrain<IJobGrain>(id).StartAsync(await body.ReadToEndAsync());
        return wrong is null ? Results.Accepted($"/v1/jobs/{id}", new { id }) : Problems.BadInput(wrong);
    }

    private static async Task<IResult> GetAsync(Guid id, IGrainFactory grains) =>
        await grains.GetGrain<IJobGrain>(id).GetAsync() is { } info ? Results.Json(info, JobJson.Options) : Problems.NoSuchJob(id);

    private static async Task<IResult> EventsAsync(Guid id, IGrainFactory grains, CancellationToken gone) =>
        await grains.GetGrain<IJobGrain>(id).GetAsync() is null
            ? Problems.NoSuchJob(id)
            : TypedResults.ServerSentEvents(Watch(id, grains, gone));

    private static async Task<IResult> CancelAsync(Guid id, IGrainFactory grains)
    {
        IJobGrain job = grains.GetGrain<IJobGrain>(id);
        if (await job.GetAsync() is null)
            return Problems.NoSuchJob(id);
        await job.CancelAsync();
        return Results.NoContent();
    }

    /// <summary>The job's progress; when its coordinator dies, that of the next one.</summary>
    private static async IAsyncEnumerable<SseItem<JobInfo>> Watch(Guid id, IGrainFactory grains, [EnumeratorCancellation] CancellationToken gone)
    {
        while (!gone.IsCancellationRequested)
        {
            await using IAsyncEnumerator<JobInfo> infos = grains.GetGrain<IJobGrain>(id).WatchAsync(gone).GetAsyncEnumerator(gone);
            while (await NextAsync(infos) is { } info)
            {
                yield return new SseItem<JobInfo>(info, "job");
                if (info.State is not (JobState.Waiting or JobState.Running))
                    yield break;
            }
            await Task.Delay(Moment, gone);
        }
    }

    private static async Task<JobInfo?> NextAsync(IAsyncEnumerator<JobInfo> infos)
    {
        try
        {
            return await infos.MoveNextAsync() ? infos.Current : null;
        }
        catch (Exception error) when (error is EnumerationAbortedException || CallFailure.Is(error))
        {
            return null;
        }
    }

    private static async ValueTask<object?> Unavailable(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        try
        {
            return await next(context);
        }
        catch (Exception error) when (CallFailure.Is(error))
        {
            return Problems.Unavailable(error.Message);
        }
    }
}
