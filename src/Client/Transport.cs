using System.Net;
using System.Net.Http.Headers;

namespace Distributed.Client;

/// <summary>
/// Sends requests to the silos in turn. What is safe to send again (it changes nothing, or the same twice) is sent again
/// after a pause that grows and is never quite the same, so that many clients do not come back all at once.
/// </summary>
internal sealed class Transport : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200), LongestPause = TimeSpan.FromSeconds(5);
    private readonly HttpClient[] _silos;
    private readonly TimeSpan _patience;
    private int _current;

    public Transport(HttpClient[] silos, TimeSpan patience)
    {
        ArgumentOutOfRangeException.ThrowIfZero(silos.Length, nameof(silos));
        (_silos, _patience) = (silos, patience);
    }

    /// <summary>Sends a request until it is answered with success.</summary>
    /// <param name="request">Makes the request; called again for every try.</param>
    /// <param name="again">Whether it may be sent again when its answer is lost.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="SiloException">It is refused, or nobody answers.</exception>
    public async Task<HttpResponseMessage> SendAsync(Func<HttpRequestMessage> request, bool again, CancellationToken cancellation)
    {
        long began = Environment.TickCount64;
        for (int tries = 0, unheard = 0; ; tries++)
        {
            TimeSpan? wanted = null;
            try
            {
                using HttpRequestMessage message = request();
                HttpResponseMessage answer = await _silos[_current]
                    .SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
                if (answer.IsSuccessStatusCode)
                    return answer;
                using (answer)
                {
                    if (!IsTransient(answer.StatusCode) || !again || IsOver(began))
                        throw await SiloException.OfAsync(answer, cancellation).ConfigureAwait(false);
                    wanted = answer.Headers.RetryAfter?.Delta;
                }
            }
            catch (HttpRequestException error)
            {
                // A connection that was refused has brought nothing to the silo, so anything may be tried elsewhere.
                unheard++;
                bool elsewhere = error.HttpRequestError == HttpRequestError.ConnectionError && unheard < _silos.Length;
                if (!elsewhere && (!again || IsOver(began)))
                {
                    throw new SiloException(
                        $"No silo answers at {string.Join(", ", _silos.Select(silo => silo.BaseAddress))}: {error.Message}", null, error);
                }
            }
            _current = (_current + 1) % _silos.Length;
            if (tries + 1 >= _silos.Length)
                await PauseAsync(tries + 1 - _silos.Length, wanted, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Waits before a request is sent again.</summary>
    /// <param name="tries">How often it was before.</param>
    /// <param name="wanted">How long the server asks for; null = it does not.</param>
    /// <param name="cancellation">Gives up.</param>
    public static Task PauseAsync(int tries, TimeSpan? wanted, CancellationToken cancellation)
    {
        double longest = Math.Min(FirstPause.TotalMilliseconds * Math.Pow(2, Math.Min(tries, 10)), LongestPause.TotalMilliseconds);
#pragma warning disable CA5394 // Jitter guards no secret.
        return Task.Delay(TimeSpan.FromMilliseconds(longest * (0.5 + Random.Shared.NextDouble() / 2)) + (wanted ?? TimeSpan.Zero), cancellation);
#pragma warning restore CA5394
    }

    public void Dispose()
    {
        foreach (HttpClient silo in _silos)
            silo.Dispose();
    }

    /// <summary>Clients of silos, with the key in every request.</summary>
    public static HttpClient[] Connect(SiloClientOptions options) =>
    [
        .. options.Silos.Select(silo =>
        {
            var client = new HttpClient(options.Handler?.Invoke() ?? new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.FromMinutes(5) })
            {
                BaseAddress = new Uri(silo.ToString().TrimEnd('/') + "/"),
                Timeout = Timeout.InfiniteTimeSpan,
            };
            if (options.Key is { } key)
                client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
            return client;
        }),
    ];

    /// <summary>Whether trying again may help.</summary>
    public static bool IsTransient(HttpStatusCode status) =>
        status is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout;

    private bool IsOver(long began) => Environment.TickCount64 - began > _patience.TotalMilliseconds;
}
