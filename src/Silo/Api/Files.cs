using Distributed.Silo.Http;
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
            return Send(file, name, "application/octet-stream", tag);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RefusedException(Refusal.NoSuchFile, gone);
        }
    }

    /// <summary>Sends an open file.</summary>
    public static IResult Send(FileStream file, string name, string mediaType, EntityTagHeaderValue? tag) => new Ranged(Results.Stream(
        file, mediaType, name, File.GetLastWriteTimeUtc(file.SafeFileHandle), tag, enableRangeProcessing: true), file.Length);

    /// <summary>Says in words what the framework says by an empty answer: that the range lies outside of the file.</summary>
    private sealed class Ranged(IResult file, long length) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            await file.ExecuteAsync(httpContext);
            if (httpContext.Response.StatusCode != StatusCodes.Status416RangeNotSatisfiable || httpContext.Response.HasStarted)
                return;
            httpContext.Response.ContentLength = null;
            await Refusal.WrongRange.Because($"Header Range is '{httpContext.Request.Headers.Range}'; the file has {length} bytes.").ExecuteAsync(httpContext);
        }
    }
}
