using Distributed.Silo.Access;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;

namespace Distributed.Silo.Api;

/// <summary>
/// Health: <c>startup</c> once the records are read, <c>ready</c> while new work is taken, <c>live</c> as long as the
/// process answers.
/// </summary>
internal static class HealthRoutes
{
    /// <summary>Marks checks that decide whether new work is taken.</summary>
    public const string Ready = "ready";

    private static readonly HttpMethodMetadata Reading = new(Files.Reading);

    public static void MapHealth(this IEndpointRouteBuilder app)
    {
        app.MapHealthChecks("/health/startup", With(_ => false)).WithMetadata(Reading).ForAnyone();
        app.MapHealthChecks("/health/live", With(_ => false)).WithMetadata(Reading).ForAnyone();
        app.MapHealthChecks("/health/ready", With(tags => tags.Contains(Ready))).WithMetadata(Reading).ForAnyone();
    }

    private static HealthCheckOptions With(Func<ISet<string>, bool> wanted) => new() { Predicate = check => wanted(check.Tags) };
}
