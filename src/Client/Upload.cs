using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;

namespace Distributed.Client;

/// <summary>Sends a file in one request, and what is left of it in another when the first breaks off.</summary>
internal static class Upload
{
    private const int MostTries = 8;
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static async Task<StoredFile> SendAsync(
        Transport transport, string path, Stream content, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        if (!content.CanSeek)
            throw new ArgumentException("The stream cannot seek, so its bytes could not be sent again; a file or a stream in memory is expected.", nameof(content));
        long length = content.Length;
        content.Position = 0;
        string digest = $"sha-256=:{Convert.ToBase64String(await SHA256.HashDataAsync(content, cancellation).ConfigureAwait(false))}:";
        for (int tries = 0; ; tries++)
        {
            long offset = tries == 0 ? 0 : await OffsetAsync(transport, path, length, cancellation).ConfigureAwait(false);
            try
            {
                using HttpResponseMessage answer = await transport.SendAsync(
                    () => Request(path, content, offset, length, digest, progress, cancellation), again: false, cancellation).ConfigureAwait(false);
                return (await answer.Content.ReadFromJsonAsync<StoredFile>(Json, cancellation).ConfigureAwait(false))!;
            }
            catch (SiloException broken) when (tries < MostTries && (broken.Status is null || Transport.IsTransient(broken.Status.Value)
                || broken.Status is HttpStatusCode.Conflict or HttpStatusCode.RequestTimeout))
            {
                await Transport.PauseAsync(tries, null, cancellation).ConfigureAwait(false);
            }
        }
    }

    private static HttpRequestMessage Request(
        string path, Stream content, long offset, long length, string digest, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        var request = new HttpRequestMessage(HttpMethod.Put, path) { Content = new StreamPart(content, offset, length, progress, cancellation) };
        // A server that refuses says so before the bytes are sent.
        request.Headers.ExpectContinue = true;
        request.Headers.Add("Repr-Digest", digest);
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        if (offset > 0)
            request.Content.Headers.ContentRange = new ContentRangeHeaderValue(offset, length - 1, length);
        return request;
    }

    private static async Task<long> OffsetAsync(Transport transport, string path, long length, CancellationToken cancellation)
    {
        try
        {
            using HttpResponseMessage answer = await transport.SendAsync(
                () => new HttpRequestMessage(HttpMethod.Head, path + "/upload"), again: true, cancellation).ConfigureAwait(false);
            return answer.Headers.TryGetValues("Upload-Offset", out IEnumerable<string>? values)
                && long.TryParse(values.First(), NumberStyles.None, CultureInfo.InvariantCulture, out long offset) && offset < length ? offset : 0;
        }
        catch (SiloException none) when (none.Status == HttpStatusCode.NotFound)
        {
            return 0;
        }
    }

    /// <summary>The bytes of a stream from an offset on. Disposing it leaves the stream open, for the next try.</summary>
    private sealed class StreamPart(
        Stream stream, long offset, long length, IProgress<TransferProgress>? progress, CancellationToken cancellation) : HttpContent
    {
        private const int BufferBytes = 1 << 20;

        protected override bool TryComputeLength(out long size)
        {
            size = length - offset;
            return true;
        }

        protected override async Task SerializeToStreamAsync(Stream target, TransportContext? context)
        {
            stream.Position = offset;
            var buffer = new byte[BufferBytes];
            for (long sent = offset; sent < length;)
            {
                int read = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, length - sent)), cancellation).ConfigureAwait(false);
                if (read == 0)
                    throw new IOException($"The file has become shorter while it was sent: {sent} of {length} bytes.");
                await target.WriteAsync(buffer.AsMemory(0, read), cancellation).ConfigureAwait(false);
                sent += read;
                progress?.Report(new TransferProgress(sent, length));
            }
        }
    }
}
