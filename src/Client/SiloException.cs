using System.Net;
using System.Text.Json;

namespace Distributed.Client;

/// <summary>A silo refused a request, or no silo answered.</summary>
public sealed class SiloException : Exception
{
    /// <summary>Makes the exception.</summary>
    /// <param name="message">One sentence.</param>
    /// <param name="status">What the silo answered; null when none did.</param>
    /// <param name="cause">The error underneath.</param>
    public SiloException(string message, HttpStatusCode? status, Exception? cause = null)
        : base(message, cause) => Status = status;

    /// <summary>What the silo answered; null when none did.</summary>
    public HttpStatusCode? Status { get; }

    /// <summary>Whether what was asked for cannot be done, however often it is asked.</summary>
    public bool IsInputError => Status is { } status && (int)status is >= 400 and < 500;

    /// <summary>The exception of an answer that is no success: its problem details (RFC 9457), or what else it says.</summary>
    internal static async Task<SiloException> OfAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        string said = await answer.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false);
        return new SiloException(Detail(said) ?? $"The silo answered {(int)answer.StatusCode} {answer.ReasonPhrase}.", answer.StatusCode);
    }

    private static string? Detail(string body)
    {
        try
        {
            using JsonDocument problem = JsonDocument.Parse(body);
            return problem.RootElement.ValueKind == JsonValueKind.Object
                && problem.RootElement.TryGetProperty("detail", out JsonElement detail)
                ? detail.GetString()
                : null;
        }
        catch (JsonException)
        {
            // A proxy between, say: its page is no problem document.
            return null;
        }
    }
}
