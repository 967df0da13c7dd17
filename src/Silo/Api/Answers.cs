using System.Text.Json;
using Distributed.Silo.Http;

namespace Distributed.Silo.Api;

/// <summary>Answers as JSON.</summary>
internal static class Answers
{
    private const string MediaType = "application/json; charset=utf-8";

    /// <summary>Of JSON that is there already.</summary>
    public static IResult Json(byte[] json, int status = StatusCodes.Status200OK) => new Bytes(json, status);

    /// <summary>Of a value.</summary>
    public static IResult Json<T>(T value, int status = StatusCodes.Status200OK) =>
        new Bytes(JsonSerializer.SerializeToUtf8Bytes(value, ApiJson.Options), status);

    private sealed class Bytes(byte[] json, int status) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = status;
            httpContext.Response.ContentType = MediaType;
            httpContext.Response.ContentLength = json.Length;
            return httpContext.Response.Body.WriteAsync(json, httpContext.RequestAborted).AsTask();
        }
    }
}
