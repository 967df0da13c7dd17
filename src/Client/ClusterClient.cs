using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Distributed.Client;

/// <summary>
/// Talks to a cluster over the HTTP endpoints of its silos. It is given one or several of them: when one does not answer,
/// what may be asked again is asked of the next.
/// </summary>
public sealed class ClusterClient : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private readonly HttpClient[] _silos;
    private int _current;

    /// <summary>A client of these silos.</summary>
    /// <param name="silos">Base addresses, such as <c>http://127.0.0.1:8470</c>; at least one.</param>
    public ClusterClient(params IEnumerable<Uri> silos)
        : this([.. silos.Select(silo => new HttpClient { BaseAddress = silo, Timeout = Timeout.InfiniteTimeSpan })])
    {
    }

    internal ClusterClient(HttpClient[] silos)
    {
        ArgumentOutOfRangeException.ThrowIfZero(silos.Length, nameof(silos));
        _silos = silos;
    }

    /// <summary>Hands in a job.</summary>
    /// <param name="specification">The job's JSON specification, with full paths that the silos see too.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>The job's id.</returns>
    /// <exception cref="ClusterException">The cluster refused the job, or no silo answered.</exception>
    public async Task<Guid> SubmitAsync(string specification, CancellationToken cancellation = default)
    {
        using var body = new StringContent(specification, Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await SendAsync(
            silo => silo.PostAsync("v1/jobs", body, cancellation), again: false, cancellation).ConfigureAwait(false);
        JsonElement accepted = await answer.Content.ReadFromJsonAsync<JsonElement>(Json, cancellation).ConfigureAwait(false);
        return accepted.GetProperty("id").GetGuid();
    }

    /// <summary>How a job stands.</summary>
    /// <exception cref="ClusterException">There is no such job, or no silo answered.</exception>
    public async Task<JobStatus> GetAsync(Guid job, CancellationToken cancellation = default)
    {
        using HttpResponseMessage answer = await SendAsync(
            silo => silo.GetAsync($"v1/jobs/{job}", cancellation), again: true, cancellation).ConfigureAwait(false);
        return (await answer.Content.ReadFromJsonAsync<JobStatus>(Json, cancellation).ConfigureAwait(false))!;
    }

    /// <summary>The youngest jobs that the cluster knows, at most a thousand, those that have ended among them.</summary>
    /// <exception cref="ClusterException">No silo answered.</exception>
    public async Task<IReadOnlyList<Guid>> ListAsync(CancellationToken cancellation = default)
    {
        using HttpResponseMessage answer = await SendAsync(
            silo => silo.GetAsync("v1/jobs?limit=1000", cancellation), again: true, cancellation).ConfigureAwait(false);
        JsonElement page = await answer.Content.ReadFromJsonAsync<JsonElement>(Json, cancellation).ConfigureAwait(false);
        return [.. page.GetProperty("jobs").EnumerateArray().Select(job => job.GetProperty("id").GetGuid())];
    }

    /// <summary>Ends a job; one that has ended already is left as it is.</summary>
    /// <exception cref="ClusterException">There is no such job, or no silo answered.</exception>
    public async Task CancelAsync(Guid job, CancellationToken cancellation = default) => (await SendAsync(
        silo => silo.PostAsync($"v1/jobs/{job}/cancel", null, cancellation), again: true, cancellation).ConfigureAwait(false)).Dispose();

    /// <summary>The silos of the cluster, as the first that answers sees them.</summary>
    /// <exception cref="ClusterException">No silo answered.</exception>
    public async Task<ClusterStatus> GetClusterAsync(CancellationToken cancellation = default)
    {
        using HttpResponseMessage answer = await SendAsync(
            silo => silo.GetAsync("v1/cluster", cancellation), again: true, cancellation).ConfigureAwait(false);
        return (await answer.Content.ReadFromJsonAsync<ClusterStatus>(Json, cancellation).ConfigureAwait(false))!;
    }

    /// <summary>
    /// How a job stands, again and again until it has ended; the last one tells how. A stream that breaks because its silo
    /// was lost goes on from another silo.
    /// </summary>
    /// <exception cref="ClusterException">There is no such job, or no silo has answered for a minute.</exception>
    public async IAsyncEnumerable<JobStatus> WatchAsync(Guid job, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        while (true)
        {
            using HttpResponseMessage answer = await SendAsync(
                silo => silo.GetAsync($"v1/jobs/{job}/events", HttpCompletionOption.ResponseHeadersRead, cancellation),
                again: true, cancellation).ConfigureAwait(false);
            using Stream stream = await answer.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            await using IAsyncEnumerator<SseItem<string>> events =
                SseParser.Create(stream).EnumerateAsync(cancellation).GetAsyncEnumerator(cancellation);
            while (await NextAsync(events).ConfigureAwait(false) is { } status)
            {
                yield return status;
                if (status.HasEnded)
                    yield break;
            }
            await Task.Delay(Pause, cancellation).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (HttpClient silo in _silos)
            silo.Dispose();
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

    private async Task<HttpResponseMessage> SendAsync(
        Func<HttpClient, Task<HttpResponseMessage>> send, bool again, CancellationToken cancellation)
    {
        long began = Environment.TickCount64;
        for (int refused = 0; ;)
        {
            try
            {
                HttpResponseMessage answer = await send(_silos[_current]).ConfigureAwait(false);
                if (answer.IsSuccessStatusCode)
                    return answer;
                using (answer)
                {
                    if (answer.StatusCode != HttpStatusCode.ServiceUnavailable || !again || IsOver(began))
                        throw await ClusterException.OfAsync(answer, cancellation).ConfigureAwait(false);
                }
            }
            catch (HttpRequestException error)
            {
                // A connection that was refused has brought nothing to the silo, so anything may be tried elsewhere.
                refused++;
                bool unheard = error.HttpRequestError == HttpRequestError.ConnectionError && refused < _silos.Length;
                if (!unheard && (!again || IsOver(began)))
                {
                    throw new ClusterException(
                        $"No silo answers at {string.Join(", ", _silos.Select(silo => silo.BaseAddress))}: {error.Message}", null, error);
                }
            }
            _current = (_current + 1) % _silos.Length;
            if (_current == 0)
                await Task.Delay(Pause, cancellation).ConfigureAwait(false);
        }
    }

    private static bool IsOver(long began) => Environment.TickCount64 - began > Patience.TotalMilliseconds;
}
