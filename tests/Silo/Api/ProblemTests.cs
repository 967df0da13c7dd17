using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Distributed.Silo.Tests.Api;

/// <summary>Whatever is wrong with a request, the answer says it in one sentence, under a type that docs/api.md lists.</summary>
public sealed class ProblemTests
{
    [Theory]
    [InlineData("GET", "v1/nothing", 404, "no-such-path", "There is nothing at '/v1/nothing'.")]
    [InlineData("GET", "v1/jobs/x", 404, "no-such-path", "There is nothing at '/v1/jobs/x'.")]
    [InlineData("PATCH", "v1/jobs", 405, "method", "PATCH is not for '/v1/jobs'; GET, POST is expected.")]
    [InlineData("POST", "health/ready", 405, "method", "POST is not for '/health/ready'; GET, HEAD is expected.")]
    [InlineData("GET", "v1/documents/nine", 412, "precondition", "What a condition of the request (If-Match, If-Unmodified-Since) names is not what is there.")]
    [InlineData("POST", "v1/jobs", 415, "media-type", "Header Content-Type is 'text/plain; charset=us-ascii'; application/json is expected.")]
    [InlineData("GET", "v1/jobs?limit=all", 400, "input", "Parameter limit is 'all'; a whole number is expected.")]
    [InlineData("GET", "v1/jobs?after=the%20last", 400, "input", "Parameter after is 'the last'; the id of a job is expected.")]
    [InlineData("GET", "v1/documents/nine", 416, "range", "Header Range is 'bytes=9-'; the file has 9 bytes.")]
    public async Task Every_refusal_is_one_sentence_of_a_known_type(string method, string path, int status, string type, string detail)
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        await silo.PutAsync("v1/documents/nine", "nine byte"u8.ToArray());
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method == "POST")
            request.Content = new StringContent("{}", Encoding.ASCII, "text/plain");
        if (status == 412)
            request.Headers.IfMatch.Add(new EntityTagHeaderValue("\"other\""));
        if (status == 416)
            request.Headers.Range = new RangeHeaderValue(9, null);

        using HttpResponseMessage answer = await silo.Http.SendAsync(request);
        JsonElement problem = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;

        Assert.Equal((HttpStatusCode)status, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal($"/problems/{type}", problem.GetProperty("type").GetString());
        Assert.Equal(detail, problem.GetProperty("detail").GetString());
        Assert.Contains($"`/problems/{type}`", await File.ReadAllTextAsync(Path.Combine(Walks.WalkTests.Root(), "docs", "api.md")), StringComparison.Ordinal);
    }
}
