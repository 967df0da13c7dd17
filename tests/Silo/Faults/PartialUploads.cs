using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Distributed.Silo.Tests.Faults;

/// <summary>Uploads in several requests, each of which is acknowledged: what was acknowledged must be there after a kill, to go on from.</summary>
internal sealed class PartialUploads(KillLedger ledger)
{
    private const int Parts = 4;
    private readonly ConcurrentDictionary<string, Upload> _unfinished = [];
    private int _number;

    /// <summary>Uploads that were gone on with after a kill.</summary>
    public int Resumed { get; private set; }

    /// <summary>Begins an upload and sends part after part.</summary>
    public async Task SendAsync(ServerProcess server, Random random)
    {
        byte[] content = Encoding.ASCII.GetBytes(new string((char)random.Next('a', 'z'), random.Next(Parts, 400_000)) + random.Next());
        var upload = new Upload($"documents/parts-{Interlocked.Increment(ref _number)}", content);
        _unfinished[upload.Path] = upload;
        for (int part = 1; part <= Parts; part++)
            await SendAsync(server, upload, content.Length * part / Parts);
    }

    /// <summary>Whatever was acknowledged of each upload is there; the rest is sent, and the whole is right.</summary>
    public async Task CheckAsync(ServerProcess server, string when)
    {
        foreach (Upload upload in _unfinished.Values)
        {
            using HttpResponseMessage whole = await server.Http.GetAsync($"v1/{upload.Path}");
            if (whole.StatusCode == HttpStatusCode.NotFound)
            {
                using HttpResponseMessage answer = await server.Http.GetAsync($"v1/{upload.Path}/upload");
                long stands = answer.StatusCode == HttpStatusCode.NotFound
                    ? 0
                    : JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("offset").GetInt64();
                Assert.True(stands >= upload.Acknowledged, $"{when}: {upload.Path} stands at byte {stands}, and {upload.Acknowledged} were acknowledged.");
                upload.Acknowledged = (int)stands;
                await SendAsync(server, upload, upload.Content.Length);
                Resumed++;
            }
            byte[] stored = await server.Http.GetByteArrayAsync($"v1/{upload.Path}");
            Assert.True(stored.AsSpan().SequenceEqual(upload.Content), $"{when}: {upload.Path} has other bytes than were sent.");
            Finish(upload);
        }
    }

    private async Task SendAsync(ServerProcess server, Upload upload, int end)
    {
        using var body = new ByteArrayContent(upload.Content, upload.Acknowledged, end - upload.Acknowledged);
        body.Headers.ContentRange = new ContentRangeHeaderValue(upload.Acknowledged, end - 1, upload.Content.Length);
        using HttpResponseMessage answer = await server.Http.PutAsync($"v1/{upload.Path}", body);
        Assert.True(
            answer.StatusCode == (end == upload.Content.Length ? HttpStatusCode.Created : HttpStatusCode.Accepted),
            $"Bytes {upload.Acknowledged} to {end} of {upload.Content.Length} of {upload.Path} were answered {answer.StatusCode}: {await answer.Content.ReadAsStringAsync()}");
        upload.Acknowledged = end;
        if (end == upload.Content.Length)
            Finish(upload);
    }

    private void Finish(Upload upload)
    {
        ledger.Files[upload.Path] = [Convert.ToHexStringLower(SHA256.HashData(upload.Content))];
        _unfinished.TryRemove(upload.Path, out _);
    }

    private sealed class Upload(string path, byte[] content)
    {
        public string Path => path;

        public byte[] Content => content;

        public int Acknowledged { get; set; }
    }
}
