using System.Net.Http.Json;
using System.Text;
using System.Text.Json;

namespace Distributed.Client;

/// <summary>
/// The HTTP API of a silo, or of the silos of a cluster: jobs, stored tensors and documents. Whatever is safe to send again
/// is sent again when a silo is lost or busy; transfers go on where they broke off.
/// </summary>
public sealed partial class SiloClient : IDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private readonly Transport _transport;

    /// <summary>A client of these silos.</summary>
    /// <param name="silos">Base addresses, such as <c>http://127.0.0.1:8470</c>; at least one.</param>
    public SiloClient(params IEnumerable<Uri> silos)
        : this(new SiloClientOptions { Silos = [.. silos] })
    {
    }

    /// <summary>A client of some silos.</summary>
    /// <param name="options">Which, and how.</param>
    public SiloClient(SiloClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _transport = new Transport(Transport.Connect(options), options.Patience);
    }

    internal SiloClient(HttpClient[] silos, TimeSpan patience) => _transport = new Transport(silos, patience);

    /// <summary>The silos, as the first that answers sees them.</summary>
    /// <exception cref="SiloException">No silo answered.</exception>
    public Task<ClusterStatus> GetClusterAsync(CancellationToken cancellation = default) => ReadAsync<ClusterStatus>("v1/cluster", cancellation);

    /// <inheritdoc/>
    public void Dispose() => _transport.Dispose();

    private async Task<T> ReadAsync<T>(string path, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Get, path, cancellation).ConfigureAwait(false);
        return await ReadAsync<T>(answer, cancellation).ConfigureAwait(false);
    }

    private static async Task<T> ReadAsync<T>(HttpResponseMessage answer, CancellationToken cancellation)
    {
        try
        {
            return (await answer.Content.ReadFromJsonAsync<T>(Json, cancellation).ConfigureAwait(false))!;
        }
        catch (JsonException error)
        {
            throw new SiloException($"The answer to {answer.RequestMessage?.RequestUri} is not what a silo says: {error.Message}", answer.StatusCode, error);
        }
    }

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, CancellationToken cancellation) =>
        _transport.SendAsync(() => new HttpRequestMessage(method, path), again: true, cancellation);

    private static StringContent JsonBody(string json) => new(json, Encoding.UTF8, "application/json");

    private static string Escaped(string name) => Uri.EscapeDataString(name);
}
