using System.Text.Encodings.Web;
using Distributed.Silo.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Distributed.Silo.Access;

/// <summary>Knows callers by <c>Authorization: Bearer KEY</c>.</summary>
internal sealed class KeyAuthentication(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logs, UrlEncoder encoder, KeyRing keys)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logs, encoder)
{
    public new const string Scheme = "Bearer";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (!keys.AsksForKeys)
            return Known(Caller.Local);
        string? header = Request.Headers.Authorization;
        if (header is null || !header.StartsWith(Scheme + " ", StringComparison.OrdinalIgnoreCase))
            return Task.FromResult(AuthenticateResult.NoResult());
        return keys.Find(header[(Scheme.Length + 1)..].Trim()) is { } caller
            ? Known(caller)
            : Task.FromResult(AuthenticateResult.Fail("The key is not known."));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        Response.Headers[HeaderNames.WWWAuthenticate] = Scheme;
        return Refusal.NoKey.Because(Request.Headers.ContainsKey(HeaderNames.Authorization)
            ? "The key is not known, or is not given as 'Authorization: Bearer KEY'."
            : "There is no key; 'Authorization: Bearer KEY' is expected.").ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties)
    {
        Caller caller = Caller.Of(Context.User);
        return Refusal.NotAllowed.Because($"Key '{caller.Name}' has the role {caller.Role.ToString().ToLowerInvariant()}, which may not do this.")
            .ExecuteAsync(Context);
    }

    private static Task<AuthenticateResult> Known(Caller caller) =>
        Task.FromResult(AuthenticateResult.Success(new AuthenticationTicket(caller.ToPrincipal(Scheme), Scheme)));
}
