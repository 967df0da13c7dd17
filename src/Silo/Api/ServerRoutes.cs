using Distributed.Silo.Access;
using Distributed.Silo.Hosting;
using Distributed.Silo.Jobs;
using Distributed.Silo.Storage;

namespace Distributed.Silo.Api;

/// <summary>The server itself: its silos, its queue, its room.</summary>
internal static class ServerRoutes
{
    public static void MapServer(this IEndpointRouteBuilder app)
    {
        app.MapGet("/v1/cluster", async (ISiloStatus silos) => Answers.Json(await silos.LookAsync()))
            .For(Role.Read).WithTags("server").WithName("getCluster").WithSummary("The silos.").Produces<ClusterView>();
        app.MapGet("/v1/status", async (IJobService jobs, Quota quota) =>
                Answers.Json(new ServerStatus(await jobs.StatusAsync(), quota.Used, quota.Limit, quota.Free)))
            .For(Role.Read).WithTags("server").WithName("getStatus").WithSummary("The queue and the room, in numbers.").Produces<ServerStatus>();
    }
}

/// <summary>The server in numbers.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="BytesStored">Bytes in the data folder.</param>
/// <param name="BytesLimit">Bytes that may be stored; null = as many as the disk has.</param>
/// <param name="BytesFree">Bytes free on the disk.</param>
public sealed record ServerStatus(QueueStatus Queue, long BytesStored, long? BytesLimit, long BytesFree);
