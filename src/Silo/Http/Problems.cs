namespace Distributed.Silo.Http;

/// <summary>Errors as problem details (RFC 9457).</summary>
internal static class Problems
{
    /// <summary>What was sent cannot be used.</summary>
    public static IResult BadInput(string detail) =>
        Results.Problem(detail, statusCode: StatusCodes.Status400BadRequest, title: "The job cannot be run.", type: "/problems/input");

    /// <summary>There is no such job.</summary>
    public static IResult NoSuchJob(Guid job) =>
        Results.Problem($"There is no job {job}.", statusCode: StatusCodes.Status404NotFound, title: "No such job.", type: "/problems/no-such-job");

    /// <summary>The cluster cannot answer just now.</summary>
    public static IResult Unavailable(string detail) => Results.Problem(
        detail, statusCode: StatusCodes.Status503ServiceUnavailable, title: "The cluster cannot answer just now.", type: "/problems/unavailable");
}
