using System.Net.Http.Headers;
using System.Security.Cryptography;

namespace Distributed.Client;

/// <summary>Brings a file here: aside first, by another request where one breaks off, and under its name when it is whole and right.</summary>
internal static class Download
{
    private const int MostTries = 8, BufferBytes = 1 << 20;

    public static async Task ToFileAsync(
        Transport transport, string from, string path, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        string temporary = $"{Path.GetFullPath(path)}.{Guid.NewGuid():n}.partial";
        try
        {
            using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0, FileOptions.Asynchronous))
            {
                await FillAsync(transport, from, file, progress, cancellation).ConfigureAwait(false);
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static async Task FillAsync(
        Transport transport, string from, FileStream file, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        string? digest = null;
        (EntityTagHeaderValue? Tag, DateTimeOffset? Modified) version = default;
        for (int tries = 0; ; tries++)
        {
            long offset = file.Position;
            using HttpResponseMessage answer = await transport.SendAsync(
                () => Request(from, offset, version), again: true, cancellation).ConfigureAwait(false);
            if (offset > 0 && answer.Content.Headers.ContentRange?.From != offset)
            {
                // It is another file by now: from its beginning.
                file.SetLength(offset = file.Position = 0);
                hash.GetHashAndReset();
            }
            version = (answer.Headers.ETag, answer.Content.Headers.LastModified);
            digest = answer.Headers.TryGetValues("Repr-Digest", out IEnumerable<string>? values) ? values.First() : null;
            long total = answer.Content.Headers.ContentRange?.Length ?? answer.Content.Headers.ContentLength ?? -1;
            if (await CopyAsync(answer, file, hash, total, progress, cancellation).ConfigureAwait(false))
                break;
            if (tries >= MostTries)
                throw new SiloException($"The download of {from} broke off {tries + 1} times, at last at byte {file.Position} of {total}.", null);
            await Transport.PauseAsync(tries, null, cancellation).ConfigureAwait(false);
        }
        string actual = $"sha-256=:{Convert.ToBase64String(hash.GetHashAndReset())}:";
        if (digest is not null && digest != actual)
            throw new SiloException($"What came of {from} has {actual}; the server says {digest}.", null);
    }

    /// <returns>Whether all of it came.</returns>
    private static async Task<bool> CopyAsync(
        HttpResponseMessage answer, FileStream file, IncrementalHash hash, long total, IProgress<TransferProgress>? progress, CancellationToken cancellation)
    {
        var buffer = new byte[BufferBytes];
        try
        {
            using Stream body = await answer.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            for (int read; (read = await body.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0;)
            {
                hash.AppendData(buffer, 0, read);
                await file.WriteAsync(buffer.AsMemory(0, read), cancellation).ConfigureAwait(false);
                progress?.Report(new TransferProgress(file.Position, total));
            }
        }
        catch (HttpIOException)
        {
            // It broke off; the caller goes on from there.
            return false;
        }
        return total < 0 || file.Position == total;
    }

    private static HttpRequestMessage Request(string from, long offset, (EntityTagHeaderValue? Tag, DateTimeOffset? Modified) version)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, from);
        if (offset == 0)
            return request;
        request.Headers.Range = new RangeHeaderValue(offset, null);
        request.Headers.IfRange = version.Tag is { } tag ? new RangeConditionHeaderValue(tag)
            : version.Modified is { } modified ? new RangeConditionHeaderValue(modified)
            : null;
        return request;
    }
}
