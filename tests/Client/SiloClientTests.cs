using System.Net;
using System.Text;

namespace Distributed.Client.Tests;

public class SiloClientTests
{
    private static readonly Guid Job = Guid.Parse("3f2504e0-4f89-41d3-9a0c-0305e82c3301");

    [Fact]
    public async Task A_job_that_is_taken_on_has_an_id()
    {
        using var client = Client(_ => Answer(HttpStatusCode.Accepted, $$"""{"id":"{{Job}}"}"""));

        Assert.Equal(Job, (await client.SubmitAsync("{}")).Id);
    }

    [Fact]
    public async Task A_refusal_says_what_the_problem_document_says()
    {
        using var client = Client(_ => Answer(HttpStatusCode.BadRequest, """{"title":"no","detail":"$.inputs is missing."}"""));

        SiloException refused = await Assert.ThrowsAsync<SiloException>(() => client.SubmitAsync("{}"));

        Assert.Equal("$.inputs is missing.", refused.Message);
        Assert.True(refused.IsInputError);
    }

    [Fact]
    public async Task A_submission_whose_answer_is_lost_is_sent_again_as_the_same_one()
    {
        var keys = new List<string>();
        using var client = Client(request =>
        {
            keys.Add(request.Headers.GetValues("Idempotency-Key").Single());
            return keys.Count == 1
                ? throw new HttpRequestException(HttpRequestError.ResponseEnded, "lost")
                : Answer(HttpStatusCode.OK, $$"""{"id":"{{Job}}"}""");
        });

        Assert.Equal(Job, (await client.SubmitAsync("{}")).Id);
        Assert.Equal(2, keys.Count);
        Assert.Single(keys.Distinct());
    }

    [Fact]
    public async Task A_silo_that_refuses_the_connection_is_passed_over()
    {
        using var client = Client(
            _ => throw new HttpRequestException(HttpRequestError.ConnectionError, "refused"),
            _ => Answer(HttpStatusCode.Accepted, $$"""{"id":"{{Job}}"}"""));

        Assert.Equal(Job, (await client.SubmitAsync("{}")).Id);
    }

    [Fact]
    public async Task Watching_goes_on_from_another_silo_when_a_stream_breaks()
    {
        int first = 0;
        using var client = Client(
            _ => ++first == 1 ? Events(0.25) : throw new HttpRequestException(HttpRequestError.ConnectionError, "killed"),
            _ => Events(0.5, 1));

        var seen = new List<double>();
        await foreach (JobStatus status in client.WatchAsync(Job, TestContext.Current.CancellationToken))
            seen.Add(status.Done);

        Assert.Equal([0.25, 0.5, 1], seen);
    }

    [Fact]
    public async Task A_job_that_is_not_there_is_an_input_error()
    {
        using var client = Client(_ => Answer(HttpStatusCode.NotFound, $$"""{"detail":"There is no job {{Job}}."}"""));

        SiloException missing = await Assert.ThrowsAsync<SiloException>(() => client.GetAsync(Job));

        Assert.Equal((HttpStatusCode.NotFound, true), (missing.Status, missing.IsInputError));
    }

    private static HttpResponseMessage Events(params double[] done)
    {
        var text = new StringBuilder();
        foreach (double share in done)
        {
            text.Append("event: job\ndata: ").Append(
                $$"""{"id":"{{Job}}","state":"{{(share < 1 ? "running" : "finished")}}","done":{{share}},"silos":[]}""").Append("\n\n");
        }
        return Answer(HttpStatusCode.OK, text.ToString());
    }

    private static HttpResponseMessage Answer(HttpStatusCode status, string body) => new(status) { Content = new StringContent(body) };

    private static SiloClient Client(params Func<HttpRequestMessage, HttpResponseMessage>[] silos) => new(
        [.. silos.Select(silo => new HttpClient(new Handler(silo)) { BaseAddress = new Uri("http://127.0.0.1:1/") })],
        TimeSpan.FromSeconds(60));

    private sealed class Handler(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(answer(request));
    }
}
