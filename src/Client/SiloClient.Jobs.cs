using System.Globalization;
using System.Net;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Distributed.Client;

/// <content>Jobs.</content>
public sealed partial class SiloClient
{
    /// <summary>Hands in a job.</summary>
    /// <param name="specification">The job's JSON specification.</param>
    /// <param name="options">Name, priority, idempotency key; null = none of them.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The job. The same idempotency key gives the same job, so a submission is safe to repeat; without one, the client makes one up for its own repetitions.</returns>
    /// <exception cref="SiloException">The job is refused, or no silo answered.</exception>
    public async Task<JobStatus> SubmitAsync(string specification, SubmitOptions? options = null, CancellationToken cancellation = default)
    {
        string key = options?.IdempotencyKey ?? Guid.NewGuid().ToString();
        string path = $"v1/jobs?priority={(options?.Priority ?? 0).ToString(CultureInfo.InvariantCulture)}"
            + (options?.Name is { } name ? $"&name={Escaped(name)}" : "");
        using HttpResponseMessage answer = await _transport.SendAsync(
            () =>
            {
                var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonBody(specification) };
                request.Headers.Add("Idempotency-Key", key);
                return request;
            }, again: true, cancellation).ConfigureAwait(false);
        return await ReadAsync<JobStatus>(answer, cancellation).ConfigureAwait(false);
    }

    /// <summary>How a job stands.</summary>
    /// <exception cref="SiloException">There is no such job, or no silo answered.</exception>
    public Task<JobStatus> GetAsync(Guid job, CancellationToken cancellation = default) => ReadAsync<JobStatus>($"v1/jobs/{job}", cancellation);

    /// <summary>Some jobs, the youngest first.</summary>
    /// <exception cref="SiloException">The query is refused, or no silo answered.</exception>
    public Task<JobPage> ListAsync(JobQuery? query = null, CancellationToken cancellation = default)
    {
        query ??= new JobQuery();
        string path = $"v1/jobs?limit={query.Limit.ToString(CultureInfo.InvariantCulture)}"
            + (query.States.Count > 0 ? $"&state={Escaped(string.Join(',', query.States))}" : "")
            + (query.Owner is { } owner ? $"&owner={Escaped(owner)}" : "")
            + (query.Name is { } name ? $"&name={Escaped(name)}" : "")
            + (query.After is { } after ? $"&after={after}" : "");
        return ReadAsync<JobPage>(path, cancellation);
    }

    /// <summary>Saves a job and stops it until it is resumed.</summary>
    /// <exception cref="SiloException">It is refused, or no silo answered.</exception>
    public Task<JobStatus> PauseAsync(Guid job, CancellationToken cancellation = default) => ChangeAsync(job, "pause", cancellation);

    /// <summary>Puts a paused job into the queue again.</summary>
    /// <exception cref="SiloException">It is refused, or no silo answered.</exception>
    public Task<JobStatus> ResumeAsync(Guid job, CancellationToken cancellation = default) => ChangeAsync(job, "resume", cancellation);

    /// <summary>Ends a job without a result; one that has ended already is left as it is.</summary>
    /// <exception cref="SiloException">There is no such job, or no silo answered.</exception>
    public Task<JobStatus> CancelAsync(Guid job, CancellationToken cancellation = default) => ChangeAsync(job, "cancel", cancellation);

    /// <summary>Takes a job that has ended away, with the files that the server keeps of it. One that has not ended is cancelled.</summary>
    /// <returns>Whether it is gone.</returns>
    /// <exception cref="SiloException">It is refused, or no silo answered.</exception>
    public async Task<bool> RemoveAsync(Guid job, CancellationToken cancellation = default)
    {
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Delete, $"v1/jobs/{job}", cancellation).ConfigureAwait(false);
        return answer.StatusCode == HttpStatusCode.NoContent;
    }

    /// <summary>
    /// How a job stands, again and again until it has ended; the last one tells how. A stream that breaks goes on where it
    /// was, from another silo if need be.
    /// </summary>
    /// <exception cref="SiloException">There is no such job, or no silo has answered for as long as the client's patience.</exception>
    public async IAsyncEnumerable<JobStatus> WatchAsync(Guid job, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        string? last = null;
        for (int tries = 0; ; tries++)
        {
            using HttpResponseMessage answer = await _transport.SendAsync(() => Following(job, last), again: true, cancellation).ConfigureAwait(false);
            if (answer.StatusCode == HttpStatusCode.NoContent)
            {
                // It ended between the last event and this request.
                yield return await GetAsync(job, cancellation).ConfigureAwait(false);
                yield break;
            }
            using Stream stream = await answer.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            SseParser<string> parser = SseParser.Create(stream);
            await using IAsyncEnumerator<SseItem<string>> events = parser.EnumerateAsync(cancellation).GetAsyncEnumerator(cancellation);
            while (await NextAsync(events).ConfigureAwait(false) is { } status)
            {
                tries = 0;
                last = parser.LastEventId;
                yield return status;
                if (status.HasEnded)
                    yield break;
            }
            await Transport.PauseAsync(tries, null, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Downloads a file that a job has made.</summary>
    /// <param name="job">The job.</param>
    /// <param name="path">Where it goes; what has this name is replaced when all of it is there.</param>
    /// <param name="name">Which of the job's files; null = the first.</param>
    /// <param name="progress">Told as it comes; null = nobody.</param>
    /// <param name="cancellation">Gives up; nothing is left behind.</param>
    /// <exception cref="SiloException">There is no such file, or no silo answered.</exception>
    public Task FetchAsync(
        Guid job, string path, string? name = null, IProgress<TransferProgress>? progress = null, CancellationToken cancellation = default) =>
        Download.ToFileAsync(
            _transport, name is null ? $"v1/jobs/{job}/result" : $"v1/jobs/{job}/files/{Escaped(name)}", path, progress, cancellation);

    private async Task<JobStatus> ChangeAsync(Guid job, string change, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Post, $"v1/jobs/{job}/{change}", cancellation).ConfigureAwait(false);
        return await ReadAsync<JobStatus>(answer, cancellation).ConfigureAwait(false);
    }

    private static HttpRequestMessage Following(Guid job, string? last)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"v1/jobs/{job}/events");
        if (!string.IsNullOrEmpty(last))
            request.Headers.Add("Last-Event-ID", last);
        return request;
    }

    private static async Task<JobStatus?> NextAsync(IAsyncEnumerator<SseItem<string>> events)
    {
        try
        {
            while (await events.MoveNextAsync().ConfigureAwait(false))
            {
                if (events.Current.EventType == "job")
                    return JsonSerializer.Deserialize<JobStatus>(events.Current.Data, Json);
            }
            return null;
        }
        catch (Exception error) when (error is IOException or HttpRequestException)
        {
            // The silo was lost; the caller asks the next one.
            return null;
        }
    }
}
