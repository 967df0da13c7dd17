namespace Distributed.Client;

/// <summary>How a <see cref="SiloClient"/> talks to its silos.</summary>
public sealed record SiloClientOptions
{
    /// <summary>Base addresses, such as <c>http://127.0.0.1:8470</c>; at least one. Of several, the next is asked when one is lost.</summary>
    public required IReadOnlyList<Uri> Silos { get; init; }

    /// <summary>The API key; null where none is asked for.</summary>
    public string? Key { get; init; }

    /// <summary>Makes what sends requests, for certificates of an authority of one's own or a proxy; called once for each silo.</summary>
    /// <value>null: a <see cref="SocketsHttpHandler"/> as the system configures it.</value>
    public Func<HttpMessageHandler>? Handler { get; init; }

    /// <summary>How long what may be asked again is asked again while nobody answers.</summary>
    /// <value>60 s.</value>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);
}
