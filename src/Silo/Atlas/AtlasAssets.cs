using System.Reflection;

namespace Distributed.Silo.Atlas;

/// <summary>The files of the page, which are embedded in the program.</summary>
internal static class AtlasAssets
{
    // Nothing of the page comes from elsewhere, and nothing leaves it.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private const string Prefix = "atlas/";

    private static readonly Assembly Program = typeof(AtlasAssets).Assembly;

    private static readonly HashSet<string> Names =
        [.. Program.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Select(name => name[Prefix.Length..])];

    /// <summary>A file of the page; 404 where there is none.</summary>
    public static IResult Get(string name, HttpResponse response)
    {
        if (!Names.Contains(name))
            return Results.NotFound();
        response.Headers.ContentSecurityPolicy = Policy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers.CacheControl = "no-cache";
        return Results.Stream(Program.GetManifestResourceStream(Prefix + name)!, Path.GetExtension(name) switch
        {
            ".html" => "text/html; charset=utf-8",
            ".css" => "text/css; charset=utf-8",
            _ => "text/javascript; charset=utf-8",
        });
    }
}
