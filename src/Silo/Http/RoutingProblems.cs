namespace Distributed.Silo.Http;

/// <summary>What is said of requests that no handler was asked about: to no path, by a wrong method, with a wrong type of body.</summary>
internal static class RoutingProblems
{
    private const int MostShown = 200;

    /// <summary>Fills in what the framework leaves empty.</summary>
    public static void Describe(ProblemDetailsContext context)
    {
        if (context.ProblemDetails.Detail is not null || Of(context.HttpContext) is not var (refusal, detail))
            return;
        (context.ProblemDetails.Type, context.ProblemDetails.Title, context.ProblemDetails.Detail) = (refusal.Type, refusal.Title, detail);
    }

    private static (Refusal Refusal, string Detail)? Of(HttpContext context)
    {
        HttpRequest request = context.Request;
        string path = Shown(request.Path.Value ?? "");
        return context.Response.StatusCode switch
        {
            StatusCodes.Status404NotFound => (Refusal.NoRoute, $"There is nothing at '{path}'."),
            StatusCodes.Status405MethodNotAllowed => (Refusal.WrongMethod, $"{Shown(request.Method)} is not for '{path}'; {context.Response.Headers.Allow} is expected."),
            StatusCodes.Status412PreconditionFailed => (Refusal.Precondition, "What a condition of the request (If-Match, If-Unmodified-Since) names is not what is there."),
            StatusCodes.Status415UnsupportedMediaType => (Refusal.WrongMediaType, $"Header Content-Type is '{Shown(request.ContentType ?? "")}'; application/json is expected."),
            _ => null,
        };
    }

    private static string Shown(string text) => new([.. text.Take(MostShown).Select(c => char.IsControl(c) ? '?' : c)]);
}
