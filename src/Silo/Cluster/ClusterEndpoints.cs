using Distributed.Grains.Hosting;

namespace Distributed.Silo.Cluster;

/// <summary>Health of this silo, and the silos of the cluster.</summary>
internal static class ClusterEndpoints
{
    public static void MapCluster(this IEndpointRouteBuilder app)
    {
        app.MapGet("/health/live", () => Results.Ok());
        app.MapGet("/health/ready", (ClusterView cluster, SiloEngine engine) =>
            cluster.Active.Contains(engine.Name) ? Results.Ok() : Results.StatusCode(StatusCodes.Status503ServiceUnavailable));
        app.MapGet("/v1/cluster", async (ClusterView cluster, SiloEngine engine, IGrainFactory grains) => Results.Json(
            new { self = engine.Name, silos = await cluster.InfosAsync(grains), active = cluster.Active }, JobJson.Options));
    }
}
