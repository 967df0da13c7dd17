using System.Collections.Frozen;
using System.Security.Cryptography;
using Distributed.Silo.Access;
using Microsoft.Net.Http.Headers;

namespace Distributed.Silo.Dashboard;

/// <summary>
/// The dashboard's page and what it is made of. It holds nothing secret, so everybody may have it; what it shows it asks of
/// the API, with the key that the user gives it.
/// </summary>
internal static class DashboardRoutes
{
    private const string Prefix = "dashboard/";
    private const string Page = "index.html";

    /// <summary>No script, style or request but the server's own; no page may frame it.</summary>
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private static readonly FrozenDictionary<string, Asset> Assets = typeof(DashboardRoutes).Assembly.GetManifestResourceNames()
        .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
        .ToFrozenDictionary(name => name[Prefix.Length..], Read);

    /// <summary>Adds the routes.</summary>
    public static void MapDashboard(this IEndpointRouteBuilder app)
    {
        app.MapGet("/", (HttpContext context) => Give(context, Page)).ForAnyone().ExcludeFromDescription();
        app.MapGet("/dashboard/{name}", (HttpContext context, string name) => Give(context, name)).ForAnyone().ExcludeFromDescription();
    }

    private static IResult Give(HttpContext context, string name)
    {
        if (!Assets.TryGetValue(name, out Asset? asset))
            return Results.NotFound();
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-cache";
        return Results.Bytes(asset.Content, asset.Type, entityTag: asset.Tag);
    }

    private static Asset Read(string name)
    {
        using Stream stream = typeof(DashboardRoutes).Assembly.GetManifestResourceStream(name)!;
        using var content = new MemoryStream();
        stream.CopyTo(content);
        byte[] bytes = content.ToArray();
        return new Asset(bytes, TypeOf(name), new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]}\""));
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        var other => throw new InvalidOperationException($"There is no media type for '{other}' of {name}."),
    };

    private sealed record Asset(byte[] Content, string Type, EntityTagHeaderValue Tag);
}
