using System.Net;
using System.Text;
using System.Text.Json;

namespace Distributed.Silo.Tests.Faults;

/// <summary>
/// A disk that is full at any write: on a small file system of memory, filled but for so many bytes, every request is
/// answered by success or a clear refusal, what was stored stays whole, and all goes on when there is room.
/// </summary>
public sealed class DiskFullTests : IAsyncLifetime
{
    private const string Job = """{"version":1,"input":"tensor:input","causal":"top-left"}""";
    private const int DiskBytes = 24 << 20;
    private SmallDisk? _disk;

    public async ValueTask InitializeAsync() => _disk = await SmallDisk.MountAsync(DiskBytes);

    public ValueTask DisposeAsync() => _disk?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact]
    public async Task A_full_disk_is_told_and_nothing_is_lost()
    {
        Assert.SkipWhen(_disk is null, "Mounting a file system needs root.");
        await using TestSilo silo = await TestSilo.StartAsync(_disk.Folder, "--checkpoint-seconds", "0.01");
        await silo.PutAsync("v1/tensors/input", TestTensors.Qkv(2, 4000, 32));
        Guid first = await silo.SubmitAsync(Job);
        await silo.UntilAsync(first, "finished");
        byte[] expected = await silo.Http.GetByteArrayAsync($"v1/jobs/{first}/result");
        byte[] text = Encoding.ASCII.GetBytes(new string('x', 100_000));
        await silo.PutAsync("v1/documents/kept", text);
        int refused = 0, done = 0;
        var jobs = new List<Guid>();
        // From no room at all to enough of it, so that each write in turn is the one that finds the disk full.
        foreach (int room in new[] { 0, 4, 8, 16, 32, 64, 128, 300, 600, 1000, 1100, 1200, 1500, 2000, 2500, 3000 })
        {
            _disk.Fill(room << 10);
            using HttpResponseMessage put = await silo.Http.PutAsync("v1/documents/new", new ByteArrayContent(text));
            Count(put.StatusCode);
            using HttpResponseMessage replace = await silo.Http.PutAsync("v1/documents/kept", new ByteArrayContent(text));
            Count(replace.StatusCode);
            using HttpResponseMessage submit = await silo.Http.PostAsync("v1/jobs", TestSilo.Json(Job));
            Count(submit.StatusCode);
            if (submit.StatusCode == HttpStatusCode.Accepted)
                jobs.Add(JsonDocument.Parse(await submit.Content.ReadAsStringAsync()).RootElement.GetProperty("id").GetGuid());
            Assert.Equal(text, await silo.Http.GetByteArrayAsync("v1/documents/kept"));
            Assert.Equal(expected, await silo.Http.GetByteArrayAsync($"v1/jobs/{first}/result"));
            await silo.GetAsync("v1/jobs");
        }
        Assert.True(refused > 3 && done > 3, $"{refused} requests found the disk full and {done} did not; both were to happen.");

        _disk.Empty();

        foreach (Guid job in jobs)
        {
            await silo.UntilAsync(job, "finished");
            Assert.Equal(expected, await silo.Http.GetByteArrayAsync($"v1/jobs/{job}/result"));
            await silo.JsonAsync(HttpMethod.Delete, $"v1/jobs/{job}", HttpStatusCode.NoContent);
        }
        using HttpResponseMessage again = await silo.Http.PutAsync("v1/documents/new", new ByteArrayContent(text));
        Assert.True(again.IsSuccessStatusCode, $"With room again the upload was answered {again.StatusCode}.");

        void Count(HttpStatusCode status)
        {
            Assert.True((int)status is 200 or 201 or 202 or 507, $"A full disk was answered by {(int)status}.");
            if ((int)status == 507)
                refused++;
            else
                done++;
        }
    }
}
