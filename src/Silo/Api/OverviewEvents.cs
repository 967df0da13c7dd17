using System.Buffers;
using System.Text;
using System.Text.Json;
using Distributed.Silo.Access;
using Distributed.Silo.Hosting;
using Distributed.Silo.Http;
using Distributed.Silo.Jobs;
using Microsoft.AspNetCore.Http.Features;

namespace Distributed.Silo.Api;

/// <summary>
/// The whole server as server-sent events: <c>cluster</c> (as <c>/v1/cluster</c>) once a second, <c>jobs</c> (the youngest,
/// as <c>/v1/jobs</c>) when they have changed.
/// </summary>
internal static class OverviewEvents
{
    private const int JobsShown = 100;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    public static void MapOverviewEvents(this IEndpointRouteBuilder app) => app.MapGet("/v1/events", FollowAsync)
        .For(Role.Read).WithTags("server").WithName("followServer")
        .WithSummary("Follows the silos and the youngest jobs: server-sent events.").Produces(200, contentType: "text/event-stream");

    private static async Task FollowAsync(
        HttpContext context, ISiloStatus silos, IJobService jobs, IHostApplicationLifetime lifetime, CancellationToken gone)
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(gone, lifetime.ApplicationStopping);
        using var timer = new PeriodicTimer(Interval);
        byte[] before = [];
        try
        {
            do
            {
                IBufferWriter<byte> to = context.Response.BodyWriter;
                Write(to, "cluster", JsonSerializer.SerializeToUtf8Bytes(await silos.LookAsync(), ApiJson.Options));
                byte[] list = await ListAsync(jobs) ?? before;
                if (!list.AsSpan().SequenceEqual(before))
                    Write(to, "jobs", list);
                before = list;
                await context.Response.BodyWriter.FlushAsync(end.Token);
            }
            while (await timer.WaitForNextTickAsync(end.Token));
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // The reader has gone, or the server goes.
        }
    }

    /// <returns>The jobs; null while the queue does not answer, as when its silo was lost.</returns>
    private static async Task<byte[]?> ListAsync(IJobService jobs)
    {
        try
        {
            return JsonSerializer.SerializeToUtf8Bytes(await jobs.ListAsync(new JobQuery([], null, null, null, JobsShown)), ApiJson.Options);
        }
        catch (RefusedException)
        {
            return null;
        }
    }

    private static void Write(IBufferWriter<byte> to, string name, ReadOnlySpan<byte> data)
    {
        to.Write(Encoding.ASCII.GetBytes($"event: {name}\ndata: "));
        to.Write(data);
        to.Write("\n\n"u8);
    }
}
