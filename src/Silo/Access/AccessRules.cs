using Microsoft.AspNetCore.Authorization;

namespace Distributed.Silo.Access;

/// <summary>Who may use a route. A route without a rule lets nobody in.</summary>
public static class AccessRules
{
    /// <summary>The route is for callers of this role and those above it.</summary>
    public static TBuilder For<TBuilder>(this TBuilder route, Role role)
        where TBuilder : IEndpointConventionBuilder => route.RequireAuthorization(role.ToString());

    /// <summary>The route is for everybody, without a key: it tells and changes nothing that matters.</summary>
    public static TBuilder ForAnyone<TBuilder>(this TBuilder route)
        where TBuilder : IEndpointConventionBuilder => route.AllowAnonymous();

    /// <summary>Adds keys and rules.</summary>
    public static void AddAccess(this IServiceCollection services, KeyRing keys)
    {
        services.AddSingleton(keys);
        // The core alone: the rest brings keys for cookies, which it would store in the user's home.
        services.AddWebEncoders();
        services.AddTransient<KeyAuthentication>();
        services.AddAuthenticationCore(authentication =>
        {
            authentication.DefaultScheme = KeyAuthentication.Scheme;
            authentication.AddScheme<KeyAuthentication>(KeyAuthentication.Scheme, null);
        });
        AuthorizationBuilder rules = services.AddAuthorizationBuilder();
        foreach (Role role in Enum.GetValues<Role>())
            rules.AddPolicy(role.ToString(), policy => policy.RequireRole(role.ToString()));
        rules.SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAssertion(HasNoRoute).Build());
    }

    // Where there is no route there is nothing to protect: the answer is that there is none, or none for this method or
    // type of content.
    private static bool HasNoRoute(AuthorizationHandlerContext context) =>
        context.Resource is HttpContext http && http.GetEndpoint() is not RouteEndpoint;
}
