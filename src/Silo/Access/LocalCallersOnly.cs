using Distributed.Silo.Http;

namespace Distributed.Silo.Access;

/// <summary>
/// Lets in only callers that name this machine's loopback interface. A page in a browser can be made to send requests to
/// it under another name; those are turned away.
/// </summary>
internal sealed class LocalCallersOnly(RequestDelegate next)
{
    private static readonly string[] Names = ["localhost", "127.0.0.1", "[::1]"];

    public Task InvokeAsync(HttpContext context)
    {
        bool foreignPage = context.Request.Headers.Origin.FirstOrDefault() is { } origin
            && !(Uri.TryCreate(origin, UriKind.Absolute, out Uri? page) && Names.Contains(page.Host));
        return !Names.Contains(context.Request.Host.Host)
            ? Refusal.BadInput.Because($"Host '{context.Request.Host.Host}' is not this machine's loopback interface.").ExecuteAsync(context)
            : foreignPage
            ? Refusal.BadInput.Because("Header Origin names a page that is not of this machine; a server without keys answers none of those.").ExecuteAsync(context)
            : next(context);
    }
}
