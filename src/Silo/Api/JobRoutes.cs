using System.Security.Claims;
using System.Text;
using Distributed.Engine;
using Distributed.Engine.Timelines;
using Distributed.Silo.Access;
using Distributed.Silo.Http;
using Distributed.Silo.Jobs;
using Microsoft.AspNetCore.Mvc;

namespace Distributed.Silo.Api;

/// <summary>Jobs: submit, list, look, follow, pause, resume, cancel, remove, fetch.</summary>
internal static class JobRoutes
{
    /// <summary>Bytes of a specification: lists of block pairs may be long.</summary>
    private const long LongestSpecification = 16 << 20;

    private const int MostPerPage = 10_000, StandardPage = 100;

    public static void MapJobs(this IEndpointRouteBuilder app)
    {
        RouteGroupBuilder jobs = app.MapGroup("/v1/jobs").WithTags("jobs");
        jobs.MapPost("", SubmitAsync).For(Role.Submit).WithName("submitJob").WithSummary("Takes a job on.")
            .Accepts<object>("application/json").Produces<JobStatus>(202).Produces<JobStatus>(200).ProducesProblem(400).ProducesProblem(422)
            .WithMetadata(new RequestSizeLimitAttribute(LongestSpecification));
        jobs.MapGet("", ListAsync).For(Role.Read).WithName("listJobs").WithSummary("Lists jobs, the youngest first.").Produces<JobPage>();
        jobs.MapGet("{id:guid}", GetAsync).For(Role.Read).WithName("getJob").WithSummary("How a job stands.").Produces<JobStatus>().ProducesProblem(404);
        jobs.MapGet("{id:guid}/events", JobEvents.FollowAsync).For(Role.Read).WithName("followJob")
            .WithSummary("Follows a job to its end: server-sent events.").Produces(200, contentType: "text/event-stream").ProducesProblem(404);
        jobs.MapGet("{id:guid}/blocks", BlocksAsync).For(Role.Read).WithName("getJobBlocks").WithSummary("How far a job's blocks are.")
            .Produces<JobBlocks>().ProducesProblem(404).ProducesProblem(409);
        jobs.MapGet("{id:guid}/specification", SpecificationAsync).For(Role.Read).WithName("getJobSpecification")
            .WithSummary("The specification as it was submitted.").Produces<object>().ProducesProblem(404);
        jobs.MapMethods("{id:guid}/result", Files.Reading, ResultAsync).For(Role.Read).WithName("getJobResult")
            .WithSummary("The file that a job has made, the first where it has made several; by ranges if wanted.")
            .Produces(200, contentType: "application/octet-stream").ProducesProblem(404).ProducesProblem(409);
        jobs.MapMethods("{id:guid}/files/{name}", Files.Reading, FileAsync).For(Role.Read).WithName("getJobFile")
            .WithSummary("A file that a job has made; by ranges if wanted.")
            .Produces(200, contentType: "application/octet-stream").ProducesProblem(404).ProducesProblem(409);
        jobs.MapPost("{id:guid}/pause", (Guid id, IJobService service, ClaimsPrincipal user) => Changed(service.PauseAsync(id, Caller.Of(user))))
            .For(Role.Submit).WithName("pauseJob").WithSummary("Saves a job and stops it until it is resumed.").Produces<JobStatus>(202).ProducesProblem(409);
        jobs.MapPost("{id:guid}/resume", (Guid id, IJobService service, ClaimsPrincipal user) => Changed(service.ResumeAsync(id, Caller.Of(user))))
            .For(Role.Submit).WithName("resumeJob").WithSummary("Puts a paused job into the queue again.").Produces<JobStatus>(202).ProducesProblem(409);
        jobs.MapPost("{id:guid}/cancel", (Guid id, IJobService service, ClaimsPrincipal user) => Changed(service.CancelAsync(id, Caller.Of(user))))
            .For(Role.Submit).WithName("cancelJob").WithSummary("Ends a job without a result; one that has ended is left as it is.").Produces<JobStatus>(202);
        jobs.MapDelete("{id:guid}", RemoveAsync).For(Role.Submit).WithName("removeJob")
            .WithSummary("Cancels a job that has not ended (202); takes one that has away, with its files (204).")
            .Produces<JobStatus>(202).Produces(204).ProducesProblem(404);
    }

    private static async Task<IResult> SubmitAsync(
        HttpRequest request, IJobService service, ClaimsPrincipal user, string? name, int? priority,
        [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey)
    {
        if (!request.HasJsonContentType())
            throw new RefusedException(Refusal.WrongMediaType, $"Content type '{request.ContentType}' is not application/json.");
        using var body = new StreamReader(request.Body, new UTF8Encoding(false, throwOnInvalidBytes: true));
        string specification;
        try
        {
            specification = await body.ReadToEndAsync(request.HttpContext.RequestAborted);
        }
        catch (DecoderFallbackException invalid)
        {
            throw new InputException("The specification is not UTF-8.", invalid);
        }
        (JobSnapshot job, bool isNew) = await service.SubmitAsync(
            new JobOrder(specification, name, priority ?? 0, idempotencyKey, Caller.Of(user)));
        request.HttpContext.Response.Headers.Location = $"/v1/jobs/{job.Status.Id}";
        return Answers.Json(job.Json, isNew ? StatusCodes.Status202Accepted : StatusCodes.Status200OK);
    }

    private static async Task<IResult> ListAsync(
        IJobService service, string? state, string? owner, string? name, Guid? after, int? limit)
    {
        if (limit is < 1 or > MostPerPage)
            throw new InputException($"Limit {limit} is out of range; 1 to {MostPerPage} is expected.");
        JobState[] states = [.. (state ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(ReadState)];
        return Answers.Json(await service.ListAsync(new JobQuery(states, owner, name, after, limit ?? StandardPage)));
    }

    private static async Task<IResult> GetAsync(Guid id, IJobService service) =>
        await service.FindAsync(id) is { } job ? Answers.Json(job.Json) : throw None(id);

    private static async Task<IResult> BlocksAsync(Guid id, IJobService service) =>
        await service.BlocksAsync(id) is { } blocks ? Answers.Json(blocks)
        : await service.FindAsync(id) is { } job
            ? throw new RefusedException(Refusal.WrongState, $"Job {id} is {job.Status.State.ToString().ToLowerInvariant()}; none of its blocks has been computed.")
            : throw None(id);

    private static async Task<IResult> SpecificationAsync(Guid id, IJobService service) =>
        await service.PathsAsync(id) is { } paths
            ? Results.Text(paths.Submitted, "application/json", Encoding.UTF8)
            : throw None(id);

    private static async Task<IResult> ResultAsync(Guid id, IJobService service) => Send(id, await FilesAsync(id, service), null);

    private static async Task<IResult> FileAsync(Guid id, string name, IJobService service) => Send(id, await FilesAsync(id, service), name);

    private static async Task<IReadOnlyList<JobFile>> FilesAsync(Guid id, IJobService service)
    {
        JobSnapshot job = await service.FindAsync(id) ?? throw None(id);
        return job.Status.State == JobState.Finished && await service.PathsAsync(id) is { } paths
            ? paths.Files
            : throw new RefusedException(Refusal.WrongState, $"Job {id} is {job.Status.State.ToString().ToLowerInvariant()} and has no result{(job.Status.State.HasEnded() ? "." : " yet.")}");
    }

    private static IResult Send(Guid id, IReadOnlyList<JobFile> files, string? name)
    {
        JobFile file = (name is null ? files is [var first, ..] ? first : null : files.FirstOrDefault(file => file.Name == name))
            ?? throw new RefusedException(Refusal.NoSuchFile, $"Job {id} has made no file of that name; it has made {string.Join(", ", files.Select(file => file.Name))}.");
        return Files.Send(file.Path, file.Name, null, $"Job {id} made '{file.Name}', which has been taken away since.");
    }

    private static async Task<IResult> RemoveAsync(Guid id, IJobService service, ClaimsPrincipal user) =>
        await service.RemoveAsync(id, Caller.Of(user)) is { } job
            ? Answers.Json(job.Json, StatusCodes.Status202Accepted)
            : Results.NoContent();

    private static async Task<IResult> Changed(Task<JobSnapshot> change) => Answers.Json((await change).Json, StatusCodes.Status202Accepted);

    private static JobState ReadState(string text) => Enum.TryParse(text, ignoreCase: true, out JobState state) && Enum.IsDefined(state) && !char.IsDigit(text[0])
        ? state
        : throw new InputException($"State '{text}' is not known; {string.Join(", ", Enum.GetNames<JobState>().Select(name => name.ToLowerInvariant()))} are.");

    private static RefusedException None(Guid id) => new(Refusal.NoSuchJob, $"There is no job {id}.");
}
