using Distributed.Silo.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace Distributed.Silo.Api;

/// <summary>Sends files: whole or by ranges, with their checksums.</summary>
internal static class Files
{
    /// <summary>The methods of a route that sends a file.</summary>
    public static IReadOnlyList<string> Reading { get; } = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Sends a file on disk.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">Its name for the caller.</param>
    /// <param name="tag">Changes with the content; null = none.</param>
    /// <param name="gone">What to say when it is not there.</param>
    public static IResult Send(string path, string name, EntityTagHeaderValue? tag, string gone)
    {
        try
        {
            var file = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0,
                FileOptions.Asynchronous | FileOptions.SequentialScan);
            return new Opened(file, name, "application/octet-stream", tag, gone);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RefusedException(Refusal.NoSuchFile, gone);
        }
    }

    /// <summary>Sends an open file, and closes it. It throws <see cref="FileNotFoundException"/> if its name has gone by then, before anything is sent.</summary>
    public static IResult Send(FileStream file, string name, string mediaType, EntityTagHeaderValue? tag) => new Opened(file, name, mediaType, tag, null);

    /// <summary>Sends what is open, and says in words what the framework says by an empty answer: that the range lies outside of the file.</summary>
    private sealed class Opened(FileStream file, string name, string mediaType, EntityTagHeaderValue? tag, string? gone) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            using FileStream open = file;
            httpContext.Features.Set<IHttpResponseBodyFeature>(
                new OpenFileBody(httpContext.Features.GetRequiredFeature<IHttpResponseBodyFeature>(), file.SafeFileHandle));
            try
            {
                await Results.File(file.Name, mediaType, name, File.GetLastWriteTimeUtc(file.SafeFileHandle), tag, enableRangeProcessing: true)
                    .ExecuteAsync(httpContext);
            }
            catch (FileNotFoundException) when (gone is not null && !httpContext.Response.HasStarted)
            {
                throw new RefusedException(Refusal.NoSuchFile, gone);
            }
            if (httpContext.Response.StatusCode != StatusCodes.Status416RangeNotSatisfiable || httpContext.Response.HasStarted)
                return;
            httpContext.Response.ContentLength = null;
            await Refusal.WrongRange.Because($"Header Range is '{httpContext.Request.Headers.Range}'; the file has {file.Length} bytes.").ExecuteAsync(httpContext);
        }
    }
}
