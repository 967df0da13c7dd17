using Distributed.Silo.Access;
using Distributed.Silo.Atlas;
using Distributed.Silo.Storage;

namespace Distributed.Silo.Api;

/// <summary>All routes of the API.</summary>
public static class ApiRoutes
{
    /// <summary>Adds them.</summary>
    public static void MapApi(this IEndpointRouteBuilder app)
    {
        app.MapJobs();
        app.MapFiles(StoredKind.Tensors);
        app.MapFiles(StoredKind.Documents);
        app.MapServer();
        app.MapOverviewEvents();
        app.MapHealth();
        app.MapAtlas(pages => pages.ForAnyone(), data => data.For(Role.Read));
        app.MapApiDescription();
    }
}
