using System.Security.Claims;
using Distributed.Engine;
using Distributed.Silo.Access;
using Distributed.Silo.Http;
using Distributed.Silo.Storage;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;

namespace Distributed.Silo.Api;

/// <summary>Stored tensors and documents: put, get, list, remove; and uploads that were broken off.</summary>
internal static class FileRoutes
{
    /// <summary>The policy that keeps uploads from crowding everything else out.</summary>
    public const string UploadLimit = "uploads";

    private const int MostPerPage = 1000, StandardPage = 100, MostTries = 3;
    private const string OffsetHeader = "Upload-Offset", LengthHeader = "Upload-Length";

    public static void MapFiles(this IEndpointRouteBuilder app, StoredKind kind)
    {
        RouteGroupBuilder files = app.MapGroup($"/v1/{kind.Folder}").WithTags(kind.Folder).WithMetadata(kind);
        string one = char.ToUpperInvariant(kind.One[0]) + kind.One[1..];
        files.MapGet("", (IStorage storage, string? after, int? limit) => List(storage.FilesOf(kind), after, limit))
            .For(Role.Read).WithName($"list{one}s").WithSummary($"Lists stored {kind.Folder} by name.").Produces<FilePage>();
        files.MapPut("{name}", (string name, HttpContext context, IStorage storage, ClaimsPrincipal user) => PutAsync(name, context, storage.FilesOf(kind), Caller.Of(user)))
            .For(Role.Submit).WithName($"put{one}").RequireRateLimiting(UploadLimit).WithMetadata(new DisableRequestSizeLimitAttribute())
            .WithSummary($"Uploads a {kind.One}, whole or in parts (Content-Range), checked by Content-Digest or Repr-Digest.")
            .Accepts<Stream>("*/*").Produces<StoredView>(201).Produces<StoredView>(200).Produces<UploadView>(202).ProducesProblem(400)
            .ProducesProblem(409).ProducesProblem(412).ProducesProblem(422).ProducesProblem(507);
        files.MapMethods("{name}", Files.Reading, (string name, HttpContext context, IStorage storage) => GetAsync(name, context, storage.FilesOf(kind)))
            .For(Role.Read).WithName($"get{one}").WithSummary($"Downloads a {kind.One}, by ranges if wanted.")
            .Produces(200, contentType: kind.MediaType).ProducesProblem(404);
        files.MapGet("{name}/info", (string name, IStorage storage) => Answers.Json(StoredView.Of(Existing(name, storage.FilesOf(kind)))))
            .For(Role.Read).WithName($"get{one}Info").WithSummary($"What is known of a stored {kind.One}.").Produces<StoredView>().ProducesProblem(404);
        files.MapDelete("{name}", (string name, HttpRequest request, IStorage storage, ClaimsPrincipal user) => Delete(name, request, storage.FilesOf(kind), Caller.Of(user)))
            .For(Role.Submit).WithName($"remove{one}").WithSummary($"Removes a {kind.One}; jobs that use it keep it.").Produces(204).ProducesProblem(404).ProducesProblem(412);
        files.MapMethods("{name}/upload", Files.Reading, (string name, HttpResponse response, IStorage storage) => Upload(name, response, storage.FilesOf(kind)))
            .For(Role.Submit).WithName($"get{one}Upload").WithSummary("Where an upload stands that was broken off.").Produces<UploadView>().ProducesProblem(404);
        files.MapDelete("{name}/upload", (string name, IStorage storage, ClaimsPrincipal user) => DropUpload(name, storage.FilesOf(kind), Caller.Of(user)))
            .For(Role.Submit).WithName($"drop{one}Upload").WithSummary("Forgets an upload that was broken off.").Produces(204).ProducesProblem(404);
    }

    private static IResult List((FileStore Store, Uploads Uploads) of, string? after, int? limit)
    {
        if (limit is < 1 or > MostPerPage)
            throw new InputException($"Limit {limit} is out of range; 1 to {MostPerPage} is expected.");
        int most = limit ?? StandardPage;
        IReadOnlyList<StoredFile> found = of.Store.List(after, most + 1);
        return Answers.Json(new FilePage([.. found.Take(most).Select(StoredView.Of)], found.Count > most ? found[most - 1].Name : null));
    }

    private static async Task<IResult> PutAsync(string name, HttpContext context, (FileStore Store, Uploads Uploads) of, Caller caller)
    {
        StoredName.Check(name);
        UploadRequest request = UploadHeaders.Read(context.Request, name, caller.Name) with { MayTakeOver = caller.Role == Role.Admin };
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;
        UploadOutcome outcome = await of.Uploads.ReceiveAsync(
            request, context.Request.Body, before => Allow(context.Request, before, caller, "replaced"), context.RequestAborted);
        context.Response.Headers[OffsetHeader] = $"{outcome.Offset}";
        if (outcome.File is not { } file)
            return Answers.Json(new UploadView(name, outcome.Offset, request.Total), StatusCodes.Status202Accepted);
        context.Response.Headers.ETag = Tag(file).ToString();
        context.Response.Headers.Location = $"/v1/{of.Store.Kind.Folder}/{name}";
        return Answers.Json(StoredView.Of(file), outcome.Replaced ? StatusCodes.Status200OK : StatusCodes.Status201Created);
    }

    private static async Task GetAsync(string name, HttpContext context, (FileStore Store, Uploads Uploads) of)
    {
        // The name may be given to other bytes between the record and the file; then the new ones are sent.
        for (int tries = 0; ; tries++)
        {
            StoredFile file = Existing(name, of);
            try
            {
                if (of.Store.Read(file) is { } stream)
                {
                    context.Response.Headers["Repr-Digest"] = ContentDigest.Write(file.Sha256);
                    await Files.Send(stream, name, of.Store.Kind.MediaType, Tag(file)).ExecuteAsync(context);
                    return;
                }
            }
            catch (FileNotFoundException) when (!context.Response.HasStarted)
            {
                context.Response.Clear();
            }
            if (tries >= MostTries)
                throw None(name, of);
        }
    }

    private static IResult Delete(string name, HttpRequest request, (FileStore Store, Uploads Uploads) of, Caller caller) =>
        of.Store.Delete(name, file => Allow(request, file, caller, "removed")) ? Results.NoContent() : throw None(name, of);

    private static void Allow(HttpRequest request, StoredFile? before, Caller caller, string done)
    {
        if (before is not null && !caller.MayChange(before.Owner))
            throw new RefusedException(Refusal.NotAllowed, $"'{before.Name}' belongs to key '{before.Owner}'; it can be {done} by that key or an admin's.");
        Conditions.Check(request, before);
    }

    private static IResult Upload(string name, HttpResponse response, (FileStore Store, Uploads Uploads) of)
    {
        UnfinishedUpload upload = Unfinished(name, of);
        response.Headers[OffsetHeader] = $"{upload.Offset}";
        if (upload.Total is { } total)
            response.Headers[LengthHeader] = $"{total}";
        return Answers.Json(new UploadView(name, upload.Offset, upload.Total));
    }

    private static IResult DropUpload(string name, (FileStore Store, Uploads Uploads) of, Caller caller)
    {
        UnfinishedUpload upload = Unfinished(name, of);
        if (!caller.MayChange(upload.Owner))
            throw new RefusedException(Refusal.NotAllowed, $"The upload of '{name}' belongs to key '{upload.Owner}'.");
        using (of.Uploads.Folder.OpenPart(name))
            of.Uploads.Folder.Forget(name);
        return Results.NoContent();
    }

    private static StoredFile Existing(string name, (FileStore Store, Uploads Uploads) of) => of.Store.Find(name) ?? throw None(name, of);

    private static UnfinishedUpload Unfinished(string name, (FileStore Store, Uploads Uploads) of) =>
        (StoredName.IsValid(name) ? of.Uploads.Folder.Find(name) : null)
        ?? throw new RefusedException(Refusal.NoSuchFile, $"There is no unfinished upload of the {of.Store.Kind.One} '{StoredName.Shown(name)}'.");

    private static RefusedException None(string name, (FileStore Store, Uploads Uploads) of) =>
        new(Refusal.NoSuchFile, $"There is no stored {of.Store.Kind.One} '{StoredName.Shown(name)}'.");

    private static EntityTagHeaderValue Tag(StoredFile file) => new($"\"{file.Sha256}\"");
}
