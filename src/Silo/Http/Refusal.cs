namespace Distributed.Silo.Http;

/// <summary>A reason to refuse a request: what its problem details (RFC 9457) have in common.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Type">Its page: <c>/problems/NAME</c>, listed in docs/api.md.</param>
/// <param name="Title">One sentence for people.</param>
public sealed record Refusal(int Status, string Type, string Title)
{
    /// <summary>What was sent cannot be used.</summary>
    public static readonly Refusal BadInput = Of(StatusCodes.Status400BadRequest, "input", "What was sent cannot be used.");

    /// <summary>The caller gave no key, or one that is not known.</summary>
    public static readonly Refusal NoKey = Of(StatusCodes.Status401Unauthorized, "no-key", "A key is needed.");

    /// <summary>The caller's role does not allow it.</summary>
    public static readonly Refusal NotAllowed = Of(StatusCodes.Status403Forbidden, "not-allowed", "The key does not allow this.");

    /// <summary>There is no such job, or it has been removed.</summary>
    public static readonly Refusal NoSuchJob = Of(StatusCodes.Status404NotFound, "no-such-job", "No such job.");

    /// <summary>There is no such file.</summary>
    public static readonly Refusal NoSuchFile = Of(StatusCodes.Status404NotFound, "no-such-file", "No such file.");

    /// <summary>There is nothing at that path.</summary>
    public static readonly Refusal NoRoute = Of(StatusCodes.Status404NotFound, "no-such-path", "No such path.");

    /// <summary>The path has other methods.</summary>
    public static readonly Refusal WrongMethod = Of(StatusCodes.Status405MethodNotAllowed, "method", "The path has no such method.");

    /// <summary>The body is of another type than is taken.</summary>
    public static readonly Refusal WrongMediaType = Of(StatusCodes.Status415UnsupportedMediaType, "media-type", "The body is of another type than is taken.");

    /// <summary>The range lies outside of the file.</summary>
    public static readonly Refusal WrongRange = Of(StatusCodes.Status416RangeNotSatisfiable, "range", "The range lies outside of the file.");

    /// <summary>The job's state does not allow it.</summary>
    public static readonly Refusal WrongState = Of(StatusCodes.Status409Conflict, "wrong-state", "The job's state does not allow this.");

    /// <summary>Another upload of the same name is under way.</summary>
    public static readonly Refusal UploadBusy = Of(StatusCodes.Status409Conflict, "upload-busy", "Another upload of this name is under way.");

    /// <summary>An upload goes on at another place than where it stopped.</summary>
    public static readonly Refusal WrongOffset = Of(StatusCodes.Status409Conflict, "wrong-offset", "The upload stands elsewhere.");

    /// <summary>A condition of the request (If-Match, If-None-Match) does not hold.</summary>
    public static readonly Refusal Precondition = Of(StatusCodes.Status412PreconditionFailed, "precondition", "The condition does not hold.");

    /// <summary>What was sent is larger than may be.</summary>
    public static readonly Refusal TooLarge = Of(StatusCodes.Status413PayloadTooLarge, "too-large", "Too large.");

    /// <summary>The content is not what its checksum says.</summary>
    public static readonly Refusal Damaged = Of(StatusCodes.Status422UnprocessableEntity, "damaged", "The content was damaged on its way.");

    /// <summary>The job needs more than this server ever has.</summary>
    public static readonly Refusal CannotFit = Of(StatusCodes.Status422UnprocessableEntity, "cannot-fit", "The job cannot fit.");

    /// <summary>An idempotency key was used again for something else.</summary>
    public static readonly Refusal KeyReused = Of(StatusCodes.Status422UnprocessableEntity, "idempotency-key-reused", "The idempotency key was used for another job.");

    /// <summary>Too much is under way.</summary>
    public static readonly Refusal TooMany = Of(StatusCodes.Status429TooManyRequests, "too-many", "Too much is under way.");

    /// <summary>The server failed; it is not the caller's fault.</summary>
    public static readonly Refusal Failed = Of(StatusCodes.Status500InternalServerError, "failed", "The server failed.");

    /// <summary>The server cannot answer just now.</summary>
    public static readonly Refusal Unavailable = Of(StatusCodes.Status503ServiceUnavailable, "unavailable", "The server cannot answer just now.");

    /// <summary>The server ends and takes no new work.</summary>
    public static readonly Refusal Draining = Of(StatusCodes.Status503ServiceUnavailable, "draining", "The server is about to stop.");

    /// <summary>The disk is full.</summary>
    public static readonly Refusal DiskFull = Of(StatusCodes.Status507InsufficientStorage, "disk-full", "The disk is full.");

    /// <summary>The quota of stored data is used up.</summary>
    public static readonly Refusal QuotaUsed = Of(StatusCodes.Status507InsufficientStorage, "quota", "The quota is used up.");

    /// <summary>The problem document.</summary>
    /// <param name="detail">One sentence: the thing, its value, and what was expected.</param>
    public IResult Because(string detail) => Results.Problem(detail, statusCode: Status, title: Title, type: Type);

    private static Refusal Of(int status, string name, string title) => new(status, $"/problems/{name}", title);
}

/// <summary>A request is refused.</summary>
/// <param name="refusal">Why.</param>
/// <param name="detail">One sentence: the thing, its value, and what was expected.</param>
public sealed class RefusedException(Refusal refusal, string detail) : Exception(detail)
{
    /// <summary>Why.</summary>
    public Refusal Refusal { get; } = refusal;
}
