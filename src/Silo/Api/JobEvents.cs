using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Distributed.Silo.Http;
using Distributed.Silo.Jobs;
using Microsoft.AspNetCore.Http.Features;

namespace Distributed.Silo.Api;

/// <summary>
/// A job as server-sent events (WHATWG HTML, 9.2): <c>state</c> for each state it comes to, <c>silo</c> for each silo that
/// joins or is lost, <c>job</c> for how it stands. Their ids are revisions: a stream that broke goes on behind the last
/// one, and no state is left out.
/// </summary>
internal static class JobEvents
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public static async Task FollowAsync(
        Guid id, HttpContext context, IJobService service, IHostApplicationLifetime lifetime, CancellationToken gone)
    {
        long after = LastSeen(context.Request);
        JobSnapshot job = await service.FindAsync(id) ?? throw new RefusedException(Refusal.NoSuchJob, $"There is no job {id}.");
        if (job.Status.State.HasEnded() && after >= job.Status.Revision)
        {
            // Nothing more will come; a browser asks again and again after any other answer.
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(gone, lifetime.ApplicationStopping);
        IReadOnlyList<SiloPart> silos = [];
        while (true)
        {
            Write(context.Response.BodyWriter, job, after, silos);
            await context.Response.BodyWriter.FlushAsync(gone);
            if (job.Status.State.HasEnded())
                return;
            (after, silos) = (job.Status.Revision, job.Status.Silos);
            JobSnapshot? next = await NextAsync(service, id, after, end.Token);
            if (next is null || end.IsCancellationRequested)
                return;
            while (next.Status.Revision <= after)
            {
                context.Response.BodyWriter.Write(": still here\n\n"u8);
                await context.Response.BodyWriter.FlushAsync(gone);
                next = await NextAsync(service, id, after, end.Token);
                if (next is null || end.IsCancellationRequested)
                    return;
            }
            job = next;
        }
    }

    private static async Task<JobSnapshot?> NextAsync(IJobService service, Guid id, long after, CancellationToken end)
    {
        try
        {
            return await service.WhenChangedAsync(id, after, Heartbeat, end);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private static void Write(IBufferWriter<byte> to, JobSnapshot job, long after, IReadOnlyList<SiloPart> before)
    {
        foreach (JobChange change in job.Status.History.Where(change => change.Revision > after))
            Write(to, change.Revision, "state", JsonSerializer.SerializeToUtf8Bytes(change, ApiJson.Options));
        foreach (SiloPart silo in job.Status.Silos.Where(silo => before.All(other => other.Silo != silo.Silo || other.Alive != silo.Alive)))
            Write(to, job.Status.Revision, "silo", JsonSerializer.SerializeToUtf8Bytes(silo, ApiJson.Options));
        Write(to, job.Status.Revision, "job", job.Json);
    }

    private static void Write(IBufferWriter<byte> to, long id, string name, ReadOnlySpan<byte> data)
    {
        to.Write(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"id: {id}\nevent: {name}\ndata: ")));
        to.Write(data);
        to.Write("\n\n"u8);
    }

    private static long LastSeen(HttpRequest request)
    {
        string? given = request.Headers["Last-Event-ID"];
        return given is null ? 0
            : long.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out long id) ? id
            : throw new Engine.InputException($"Header Last-Event-ID is '{given}'; the id of an event is expected.");
    }
}
