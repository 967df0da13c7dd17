using System.Text.RegularExpressions;
using Distributed.Engine;
using Distributed.Engine.Files;
using Distributed.Silo.Jobs;
using Microsoft.AspNetCore.Diagnostics;

namespace Distributed.Silo.Http;

/// <summary>Turns what a request's handler throws into problem details (RFC 9457).</summary>
internal sealed partial class Failures(ILogger<Failures> log) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is OperationCanceledException && httpContext.RequestAborted.IsCancellationRequested)
        {
            httpContext.Abort();
            return true;
        }
        (Refusal refusal, string detail) = Of(exception);
        if (refusal == Refusal.Failed)
            LogFailed(log, httpContext.Request.Method, httpContext.GetEndpoint()?.DisplayName, exception);
        await refusal.Because(detail).ExecuteAsync(httpContext);
        return true;
    }

    private static (Refusal Refusal, string Detail) Of(Exception exception) => exception switch
    {
        RefusedException refused => (refused.Refusal, refused.Message),
        SupersededException other => (Refusal.Unavailable, other.Message),
        InputException input => (Refusal.BadInput, input.Message),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } large => (Refusal.TooLarge, large.Message),
        BadHttpRequestException bad => (Refusal.BadInput with { Status = bad.StatusCode }, Told(bad.Message)),
        // A body that breaks the rules of HTTP: the server finds it while it is read.
        IOException { Source: "Microsoft.AspNetCore.Server.Kestrel.Core" } => (Refusal.BadInput, "The body of the request cannot be read."),
        _ when DiskFullException.Is(exception) => (
            Refusal.DiskFull, "The server's disk has no room. What was stored before is untouched; try again when there is room."),
        _ => (Refusal.Failed, "The server failed; its log says why."),
    };

    // What the framework says of a parameter, in the caller's words.
    private static string Told(string message) => Binding().Match(message) is { Success: true } match
        ? $"Parameter {match.Groups["name"].Value} is '{match.Groups["value"].Value}'; {match.Groups["type"].Value switch
        {
            "Guid" => "the id of a job",
            "int" or "long" => "a whole number",
            var type => $"a value of type {type}",
        }} is expected."
        : message;

    [GeneratedRegex("^Failed to bind parameter \"(Nullable<)?(?<type>[^ >]+)>? (?<name>[^\"]+)\" from \"(?<value>.*)\"\\.$", RegexOptions.Singleline)]
    private static partial Regex Binding();

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Route} failed.")]
    private static partial void LogFailed(ILogger log, string method, string? route, Exception why);
}
