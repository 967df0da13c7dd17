using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Distributed.Silo.Access;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Distributed.Silo.Tests.Access;

/// <summary>
/// Every route has a rule, and the rule is the one written here: a new route without a line here fails the build. Each is
/// then tried with no key, a wrong key, and a key of each role.
/// </summary>
public sealed partial class RouteRulesTests
{
    /// <summary>The least role of each route; null = anyone, without a key.</summary>
    private static readonly Dictionary<string, Role?> Rules = new()
    {
        ["GET /health/startup"] = null,
        ["GET /health/ready"] = null,
        ["GET /health/live"] = null,
        ["GET /openapi/{documentName}.json"] = null,
        ["GET /"] = null,
        ["GET /dashboard/{name}"] = null,
        ["GET /atlas/assets/{name}"] = null,
        ["GET /atlas/{job}"] = null,
        ["GET /atlas/{job}/about"] = Role.Read,
        ["GET /atlas/{job}/tiles/{plane}/{level:int}/{x:int}/{y:int}.f32"] = Role.Read,
        ["GET /atlas/{job}/tiles/{plane}/{level:int}/{x:int}/{y:int}.png"] = Role.Read,
        ["GET /atlas/{job}/weights"] = Role.Read,
        ["GET /atlas/{job}/strongest"] = Role.Read,
        ["GET /atlas/{job}/passages"] = Role.Read,
        ["GET /v1/events"] = Role.Read,
        ["GET /v1/cluster"] = Role.Read,
        ["GET /v1/status"] = Role.Read,
        ["POST /v1/jobs"] = Role.Submit,
        ["GET /v1/jobs"] = Role.Read,
        ["GET /v1/jobs/{id:guid}"] = Role.Read,
        ["GET /v1/jobs/{id:guid}/events"] = Role.Read,
        ["GET /v1/jobs/{id:guid}/blocks"] = Role.Read,
        ["GET /v1/jobs/{id:guid}/specification"] = Role.Read,
        ["GET /v1/jobs/{id:guid}/result"] = Role.Read,
        ["GET /v1/jobs/{id:guid}/files/{name}"] = Role.Read,
        ["POST /v1/jobs/{id:guid}/pause"] = Role.Submit,
        ["POST /v1/jobs/{id:guid}/resume"] = Role.Submit,
        ["POST /v1/jobs/{id:guid}/cancel"] = Role.Submit,
        ["DELETE /v1/jobs/{id:guid}"] = Role.Submit,
        ["GET /v1/tensors"] = Role.Read,
        ["PUT /v1/tensors/{name}"] = Role.Submit,
        ["GET /v1/tensors/{name}"] = Role.Read,
        ["GET /v1/tensors/{name}/info"] = Role.Read,
        ["DELETE /v1/tensors/{name}"] = Role.Submit,
        ["GET /v1/tensors/{name}/upload"] = Role.Submit,
        ["DELETE /v1/tensors/{name}/upload"] = Role.Submit,
        ["GET /v1/documents"] = Role.Read,
        ["PUT /v1/documents/{name}"] = Role.Submit,
        ["GET /v1/documents/{name}"] = Role.Read,
        ["GET /v1/documents/{name}/info"] = Role.Read,
        ["DELETE /v1/documents/{name}"] = Role.Submit,
        ["GET /v1/documents/{name}/upload"] = Role.Submit,
        ["DELETE /v1/documents/{name}/upload"] = Role.Submit,
    };

    [Fact]
    public async Task Every_route_has_the_rule_that_is_written_down_for_it()
    {
        await using TestSilo silo = await TestSilo.StartAsync();

        Dictionary<string, Role?> found = Routes(silo).ToDictionary(route => route.Name, route => RuleOf(route.Endpoint, route.Name));

        foreach ((string route, Role? rule) in found)
        {
            Assert.True(Rules.ContainsKey(route), $"Route {route} has no line in this test: say who may use it.");
            Assert.True(Rules[route] == rule, $"Route {route} is for {Words(rule)}; {Words(Rules[route])} is written down.");
        }
        Assert.Empty(Rules.Keys.Except(found.Keys));
    }

    [Fact]
    public async Task Every_route_lets_in_its_role_and_those_above_and_nobody_else()
    {
        string folder = Directory.CreateTempSubdirectory("keys-").FullName;
        try
        {
            string file = Path.Combine(folder, "keys");
            Dictionary<Role, string> keys = Enum.GetValues<Role>().ToDictionary(role => role, role => KeyRing.Add(file, new Caller($"a-{role}", role)));
            await using TestSilo silo = await TestSilo.StartAsync(folder, "--keys", file);
            foreach ((string name, RouteEndpoint endpoint) in Routes(silo))
            {
                Role? rule = RuleOf(endpoint, name);
                Assert.Equal(rule is null, await IsLetInAsync(silo, name, null, HttpStatusCode.Unauthorized));
                Assert.Equal(rule is null, await IsLetInAsync(silo, name, "attend_wrong", HttpStatusCode.Unauthorized));
                foreach (Role role in Enum.GetValues<Role>())
                {
                    bool letIn = await IsLetInAsync(silo, name, keys[role], HttpStatusCode.Forbidden);
                    Assert.True(letIn == (rule is null || role >= rule), $"{name} with role {role}: let in is {letIn}, the rule is {Words(rule)}.");
                }
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_key_changes_only_what_is_its_own_unless_it_is_an_admins()
    {
        string folder = Directory.CreateTempSubdirectory("keys-").FullName;
        try
        {
            string file = Path.Combine(folder, "keys");
            string mine = KeyRing.Add(file, new Caller("mine", Role.Submit)), other = KeyRing.Add(file, new Caller("other", Role.Submit));
            string admin = KeyRing.Add(file, new Caller("root", Role.Admin));
            Assert.DoesNotContain(mine, await File.ReadAllTextAsync(file), StringComparison.Ordinal);
            await using TestSilo silo = await TestSilo.StartAsync(folder, "--keys", file);

            As(silo, mine);
            await silo.PutAsync("v1/documents/a", "text"u8.ToArray());
            As(silo, other);
            await silo.PutAsync("v1/documents/a", "other"u8.ToArray(), HttpStatusCode.Forbidden);
            await silo.JsonAsync(HttpMethod.Delete, "v1/documents/a", HttpStatusCode.Forbidden);
            As(silo, mine);
            await BeginAsync(silo, HttpStatusCode.Accepted);
            As(silo, other);
            await BeginAsync(silo, HttpStatusCode.Forbidden);
            await silo.PutAsync("v1/documents/begun", "other"u8.ToArray(), HttpStatusCode.Forbidden);
            await silo.JsonAsync(HttpMethod.Delete, "v1/documents/begun/upload", HttpStatusCode.Forbidden);
            As(silo, mine);
            Assert.Equal(4, (await silo.GetAsync("v1/documents/begun/upload")).GetProperty("offset").GetInt64());
            As(silo, admin);
            await silo.JsonAsync(HttpMethod.Delete, "v1/documents/a", HttpStatusCode.NoContent);
            await silo.PutAsync("v1/documents/begun", "other"u8.ToArray());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Keys_that_were_read_stay_in_use_while_their_file_cannot_be_used()
    {
        string folder = Directory.CreateTempSubdirectory("keys-").FullName;
        try
        {
            string file = Path.Combine(folder, "keys"), told = "";
            string mine = KeyRing.Add(file, new Caller("mine", Role.Submit));
            var keys = new KeyRing(file) { Tells = why => told += why };
            string good = await File.ReadAllTextAsync(file);
            foreach (string wrong in new[] { good + "half a li", "mine 2 " + new string('0', 64) })
            {
                told = "";
                await File.WriteAllTextAsync(file, wrong);
                await Task.Delay(1100);
                Assert.Equal("mine", keys.Find(mine)?.Name);
                Assert.Contains("is no key", told, StringComparison.Ordinal);
            }
            await File.WriteAllTextAsync(file, "");
            await Task.Delay(1100);
            Assert.Null(keys.Find(mine));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task BeginAsync(TestSilo silo, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, "v1/documents/begun") { Content = new StringContent("part") };
        request.Content.Headers.ContentRange = new ContentRangeHeaderValue(0, 3);
        using HttpResponseMessage answer = await silo.Http.SendAsync(request);
        Assert.True(answer.StatusCode == expected, $"{expected} was expected, {answer.StatusCode} came: {await answer.Content.ReadAsStringAsync()}");
    }

    private static void As(TestSilo silo, string key) => silo.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);

    private static async Task<bool> IsLetInAsync(TestSilo silo, string route, string? key, HttpStatusCode otherwise)
    {
        string[] parts = route.Split(' ');
        string path = Placeholder().Replace(parts[1], found => found.Value switch
        {
            "{id:guid}" => Guid.NewGuid().ToString(),
            "{documentName}" => "v1",
            var number when number.EndsWith(":int}", StringComparison.Ordinal) => "0",
            _ => "none",
        });
        using var request = new HttpRequestMessage(new HttpMethod(parts[0]), path);
        if (key is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using HttpResponseMessage answer = await silo.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.True((int)answer.StatusCode < 500, $"{route} answered {answer.StatusCode}.");
        bool turnedAway = answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden;
        Assert.True(!turnedAway || answer.StatusCode == otherwise, $"{route} answered {answer.StatusCode} where {otherwise} was expected.");
        return !turnedAway;
    }

    private static IEnumerable<(string Name, RouteEndpoint Endpoint)> Routes(TestSilo silo) =>
        from endpoint in silo.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        let methods = endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["GET"]
        let method = methods.Contains("GET") ? "GET" : Assert.Single(methods)
        select ($"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}", endpoint);

    private static Role? RuleOf(RouteEndpoint endpoint, string name)
    {
        if (endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null)
            return null;
        string? policy = endpoint.Metadata.GetMetadata<IAuthorizeData>()?.Policy;
        Assert.True(Enum.TryParse(policy, out Role role), $"Route {name} has no rule: give it one with For(Role) or ForAnyone().");
        return role;
    }

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Placeholder();

    private static string Words(Role? rule) => rule?.ToString() ?? "anyone";
}
