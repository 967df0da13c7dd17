using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;

namespace Distributed.Silo.Tests.Api;

public sealed class UploadTests
{
    [Fact]
    public async Task What_was_uploaded_comes_back_whole_and_by_ranges()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        byte[] tensors = TestTensors.Qkv(1, 300, 8);

        JsonElement stored = await silo.PutAsync("v1/tensors/a.safetensors", tensors);

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(tensors)), stored.GetProperty("sha256").GetString());
        Assert.Equal(tensors, await silo.Http.GetByteArrayAsync("v1/tensors/a.safetensors"));
        using var range = new HttpRequestMessage(HttpMethod.Get, "v1/tensors/a.safetensors") { Headers = { Range = new RangeHeaderValue(100, 199) } };
        using HttpResponseMessage part = await silo.Http.SendAsync(range);
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal(tensors[100..200], await part.Content.ReadAsByteArrayAsync());
        using var beyond = new HttpRequestMessage(HttpMethod.Get, "v1/tensors/a.safetensors") { Headers = { Range = new RangeHeaderValue(1 << 30, null) } };
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, (await silo.Http.SendAsync(beyond)).StatusCode);
        using HttpResponseMessage head = await silo.Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, "v1/tensors/a.safetensors"));
        Assert.Equal(tensors.Length, head.Content.Headers.ContentLength);
        await silo.JsonAsync(HttpMethod.Delete, "v1/tensors/a.safetensors", HttpStatusCode.NoContent);
        await silo.GetAsync("v1/tensors/a.safetensors", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task An_upload_in_parts_goes_on_where_it_stands_and_nowhere_else()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        byte[] tensors = TestTensors.Qkv(1, 300, 8);

        await PartAsync(silo, tensors, 0, 5000, HttpStatusCode.Accepted);
        Assert.Equal(5000, (await silo.GetAsync("v1/tensors/a/upload")).GetProperty("offset").GetInt64());
        await silo.GetAsync("v1/tensors/a", HttpStatusCode.NotFound);
        await PartAsync(silo, tensors, 4000, 6000, HttpStatusCode.Conflict);
        await PartAsync(silo, tensors, 6000, 7000, HttpStatusCode.Conflict);
        await PartAsync(silo, tensors, 5000, tensors.Length, HttpStatusCode.Created);

        Assert.Equal(tensors, await silo.Http.GetByteArrayAsync("v1/tensors/a"));
        await silo.GetAsync("v1/tensors/a/upload", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_long_upload_comes_back_whole_wherever_its_parts_begin()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        byte[] tensors = TestTensors.Qkv(1, 26_000, 32);
        int[] ends = [3, 2_200_003, 2_200_003 + (4 << 20), 2_200_004 + (4 << 20), tensors.Length];

        for (int part = 0, from = 0; part < ends.Length; from = ends[part++])
            await PartAsync(silo, tensors, from, ends[part], ends[part] == tensors.Length ? HttpStatusCode.Created : HttpStatusCode.Accepted);
        await silo.PutAsync("v1/tensors/whole", tensors);
        using var chunked = new HttpRequestMessage(HttpMethod.Put, "v1/tensors/chunked") { Content = new ByteArrayContent(tensors), Headers = { TransferEncodingChunked = true } };
        Assert.Equal(HttpStatusCode.Created, (await silo.Http.SendAsync(chunked)).StatusCode);

        foreach (string name in new[] { "a", "whole", "chunked" })
        {
            byte[] back = await silo.Http.GetByteArrayAsync($"v1/tensors/{name}");
            Assert.True(back.AsSpan().SequenceEqual(tensors), $"'{name}' came back otherwise than it was sent.");
            Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(tensors)), (await silo.GetAsync($"v1/tensors/{name}/info")).GetProperty("sha256").GetString());
        }
    }

    [Fact]
    public async Task An_upload_that_was_broken_off_goes_on_after_a_restart()
    {
        string folder = Directory.CreateTempSubdirectory("silo-").FullName;
        byte[] tensors = TestTensors.Qkv(1, 6000, 32);
        const int Until = 2_200_000;
        try
        {
            await using (TestSilo first = await TestSilo.StartAsync(folder))
            {
                using var cut = new CancellationTokenSource();
                using var request = new HttpRequestMessage(HttpMethod.Put, "v1/tensors/a") { Content = new StreamContent(new CutStream(tensors, Until, () => HasArrivedAsync(first), cut)) };
                request.Content.Headers.ContentLength = tensors.Length;
                await Assert.ThrowsAnyAsync<Exception>(() => first.Http.SendAsync(request, cut.Token));
            }
            await using TestSilo second = await TestSilo.StartAsync(folder);
            long offset = (await second.GetAsync("v1/tensors/a/upload")).GetProperty("offset").GetInt64();
            Assert.InRange(offset, 1, Until);
            await PartAsync(second, tensors, (int)offset, tensors.Length, HttpStatusCode.Created);

            Assert.Equal(tensors, await second.Http.GetByteArrayAsync("v1/tensors/a"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_wrong_checksum_stores_nothing_and_leaves_what_was_there()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        byte[] tensors = TestTensors.Qkv(1, 10, 8), other = TestTensors.Qkv(1, 10, 8, seed: 2);
        await silo.PutAsync("v1/tensors/a", tensors);

        foreach (string header in new[] { "Content-Digest", "Repr-Digest" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, "v1/tensors/a") { Content = new ByteArrayContent(other) };
            request.Headers.Add(header, $"sha-256=:{Convert.ToBase64String(SHA256.HashData(tensors))}:");
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await silo.Http.SendAsync(request)).StatusCode);
        }

        Assert.Equal(tensors, await silo.Http.GetByteArrayAsync("v1/tensors/a"));
        Assert.Single(Directory.GetFiles(Path.Combine(silo.Data, "tensors", "contents")));
    }

    [Fact]
    public async Task Conditions_guard_against_replacing_what_one_did_not_see()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        string tag = (await silo.PutAsync("v1/documents/a", "one"u8.ToArray())).GetProperty("sha256").GetString()!;

        Assert.Equal(HttpStatusCode.PreconditionFailed, await PutIfAsync(silo, "If-None-Match", "*"));
        Assert.Equal(HttpStatusCode.PreconditionFailed, await PutIfAsync(silo, "If-Match", "\"other\""));
        Assert.Equal(HttpStatusCode.OK, await PutIfAsync(silo, "If-Match", $"\"{tag}\""));
        Assert.Equal("two", await silo.Http.GetStringAsync("v1/documents/a"));
        Assert.Equal(HttpStatusCode.PreconditionFailed, await SendIfAsync(silo, HttpMethod.Delete, "If-Match", $"\"{tag}\""));
        Assert.Equal(HttpStatusCode.NoContent, await SendIfAsync(silo, HttpMethod.Delete, "If-Match", "*"));
    }

    [Fact]
    public async Task Of_many_who_create_one_name_at_once_one_does()
    {
        await using TestSilo silo = await TestSilo.StartAsync();

        HttpStatusCode[] answers = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => PutIfAsync(silo, "If-None-Match", "*")));

        Assert.Single(answers, HttpStatusCode.Created);
        Assert.All(answers, answer => Assert.True(
            answer is HttpStatusCode.Created or HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict or HttpStatusCode.TooManyRequests, $"{answer} came."));
    }

    [Theory]
    [InlineData("v1/tensors/a.safetensors", "no tensors")]
    [InlineData("v1/tensors/a.npy", "no tensors")]
    [InlineData("v1/documents/a", "a\0b")]
    [InlineData("v1/tensors/%2e%2e%2fpasswd", "x")]
    [InlineData("v1/tensors/.hidden", "x")]
    public async Task Content_or_a_name_that_is_none_is_refused_and_leaves_nothing(string path, string content)
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        int before = Directory.GetFiles(silo.Data, "*", SearchOption.AllDirectories).Length;

        using HttpResponseMessage answer = await silo.Http.PutAsync(path, new StringContent(content));

        Assert.InRange((int)answer.StatusCode, 400, 499);
        Assert.Equal(before, Directory.GetFiles(silo.Data, "*", SearchOption.AllDirectories).Length);
    }

    [Fact]
    public async Task The_quota_refuses_what_would_exceed_it_before_it_comes()
    {
        await using TestSilo silo = await TestSilo.StartAsync(null, "--quota-gb", "0.00005");

        using HttpResponseMessage answer = await silo.Http.PutAsync("v1/documents/a", new ByteArrayContent(new byte[100_000]));

        Assert.Equal(HttpStatusCode.InsufficientStorage, answer.StatusCode);
        Assert.Contains("quota", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    private static async Task PartAsync(TestSilo silo, byte[] all, int from, int to, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, "v1/tensors/a") { Content = new ByteArrayContent(all, from, to - from) };
        request.Content.Headers.ContentRange = new ContentRangeHeaderValue(from, to - 1, all.Length);
        using HttpResponseMessage answer = await silo.Http.SendAsync(request);
        Assert.True(answer.StatusCode == expected, $"Bytes {from} to {to}: {expected} was expected, {answer.StatusCode} came: {await answer.Content.ReadAsStringAsync()}");
    }

    private static Task<HttpStatusCode> PutIfAsync(TestSilo silo, string header, string value) => SendIfAsync(silo, HttpMethod.Put, header, value);

    private static async Task<HttpStatusCode> SendIfAsync(TestSilo silo, HttpMethod method, string header, string value)
    {
        using var request = new HttpRequestMessage(method, "v1/documents/a") { Content = method == HttpMethod.Put ? new StringContent("two") : null };
        request.Headers.TryAddWithoutValidation(header, value);
        return (await silo.Http.SendAsync(request)).StatusCode;
    }

    /// <summary>Waits for some of an upload to be on the disk.</summary>
    private static async Task HasArrivedAsync(TestSilo silo)
    {
        var part = new FileInfo(Path.Combine(silo.Data, "uploads", "tensors", "parts", "a.part"));
        for (DateTime late = DateTime.UtcNow + TimeSpan.FromSeconds(60); !part.Exists || part.Length == 0; part.Refresh())
        {
            Assert.True(DateTime.UtcNow < late, "Waited 60 s for the first bytes of an upload to be on the disk.");
            await Task.Delay(5);
        }
    }

    /// <summary>Gives bytes up to a point, and then breaks the request off.</summary>
    private sealed class CutStream(byte[] bytes, int until, Func<Task> arrived, CancellationTokenSource cut) : MemoryStream(bytes)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position < until)
                return await base.ReadAsync(buffer[..(int)Math.Min(buffer.Length, until - Position)], cancellationToken);
            await arrived();
            await cut.CancelAsync();
            cancellationToken.ThrowIfCancellationRequested();
            throw new IOException("The upload is broken off.");
        }
    }
}
