using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Distributed.Silo.Tests.Atlas;

/// <summary>The atlas of a server's own jobs.</summary>
public sealed class ServedJobsTests
{
    private const int Rows = 200;
    private const string Small = """{"version":1,"input":"tensor:small","causal":"top-left","lse":true}""";

    [Fact]
    public async Task A_finished_job_is_shown_with_the_weights_that_made_its_output()
    {
        await using TestSilo silo = await SiloAsync();
        Guid job = await FinishedAsync(silo, Small);

        JsonElement about = await ReadyAsync(silo, job);

        Assert.Equal(Rows, about.GetProperty("rows").GetInt64());
        Assert.Contains("causal", about.GetProperty("masks").GetString(), StringComparison.OrdinalIgnoreCase);
        float[] tile = MemoryMarshal.Cast<byte, float>(await silo.Http.GetByteArrayAsync($"atlas/{job}/tiles/0.0/0/0/0.f32")).ToArray();
        for (int row = 0; row < Rows; row++)
        {
            Assert.Equal(1, tile.AsSpan(row * 256, row + 1).ToArray().Sum(weight => (double)weight), 1e-5);
            Assert.All(tile.AsSpan(row * 256 + row + 1, 256 - row - 1).ToArray(), weight => Assert.Equal(0, weight));
        }
    }

    [Fact]
    public async Task A_job_without_lse_is_shown_too()
    {
        await using TestSilo silo = await SiloAsync();
        Guid with = await FinishedAsync(silo, Small), without = await FinishedAsync(silo, """{"version":1,"input":"tensor:small","causal":"top-left"}""");
        await ReadyAsync(silo, with);
        await ReadyAsync(silo, without);
        Assert.Equal(
            await silo.Http.GetByteArrayAsync($"atlas/{with}/tiles/0.0/0/0/0.f32"), await silo.Http.GetByteArrayAsync($"atlas/{without}/tiles/0.0/0/0/0.f32"));
    }

    [Fact]
    public async Task A_document_is_shown_with_its_passages()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        string book = string.Join('\n', Enumerable.Range(0, 300).Select(i => $"Verse {i % 150} tells of {i % 150 * 7919} and {i * 31} more."));
        await silo.PutAsync("v1/documents/book.txt", Encoding.UTF8.GetBytes(book));
        Guid job = await FinishedAsync(silo, """{"version":1,"document":"document:book.txt","links":5}""");

        JsonElement about = await ReadyAsync(silo, job);

        Assert.True(about.GetProperty("passages").GetBoolean());
        JsonElement passage = (await silo.GetAsync($"atlas/{job}/passages?first=7&count=1"))[0];
        Assert.Equal(8, passage.GetProperty("line").GetInt32());
        Assert.Equal("Verse 7 tells of 55433 and 217 more.", passage.GetProperty("text").GetString());
    }

    [Fact]
    public async Task A_job_that_has_not_finished_and_one_that_is_not_there_are_refused()
    {
        await using TestSilo silo = await SiloAsync();
        await silo.PutAsync("v1/tensors/large", TestTensors.Qkv(2, 20_000, 64));
        Guid running = await silo.SubmitAsync("""{"version":1,"input":"tensor:large"}""");
        await silo.PostAsync($"v1/jobs/{running}/pause", "");

        JsonElement refused = await silo.GetAsync($"atlas/{running}/about", HttpStatusCode.Conflict);

        Assert.Contains("has not finished", refused.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await silo.GetAsync($"atlas/{Guid.NewGuid()}/about", HttpStatusCode.NotFound);
        await silo.GetAsync("atlas/nonsense/about", HttpStatusCode.NotFound);
        await silo.PostAsync($"v1/jobs/{running}/cancel", "");
        await silo.UntilAsync(running, "cancelled");
    }

    [Fact]
    public async Task An_input_whose_name_was_given_to_other_bytes_is_noticed()
    {
        await using TestSilo silo = await SiloAsync();
        Guid job = await FinishedAsync(silo, Small);
        await silo.JsonAsync(HttpMethod.Delete, "v1/tensors/small", HttpStatusCode.NoContent);
        await silo.PutAsync("v1/tensors/small", TestTensors.Qkv(1, Rows, 8, seed: 2));

        string detail = await UntilAsync(silo, job, HttpStatusCode.BadRequest, answer => answer.GetProperty("detail").GetString()!);

        Assert.Contains("was not made from these inputs", detail, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(Path.Combine(silo.Data, "work")));
    }

    private static async Task<TestSilo> SiloAsync()
    {
        TestSilo silo = await TestSilo.StartAsync();
        await silo.PutAsync("v1/tensors/small", TestTensors.Qkv(1, Rows, 8));
        return silo;
    }

    private static async Task<Guid> FinishedAsync(TestSilo silo, string specification)
    {
        Guid job = await silo.SubmitAsync(specification);
        JsonElement ended = await silo.UntilAsync(job, "finished", "failed");
        Assert.Equal("finished", ended.GetProperty("state").GetString());
        return job;
    }

    private static Task<JsonElement> ReadyAsync(TestSilo silo, Guid job) => UntilAsync(silo, job, HttpStatusCode.OK, about => about);

    // An atlas is opened in the background: until then it answers that it is opening.
    private static async Task<T> UntilAsync<T>(TestSilo silo, Guid job, HttpStatusCode expected, Func<JsonElement, T> read)
    {
        DateTime late = DateTime.UtcNow + TimeSpan.FromMinutes(3);
        while (true)
        {
            using HttpResponseMessage answer = await silo.Http.GetAsync($"atlas/{job}/about");
            JsonElement said = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
            bool opening = answer.IsSuccessStatusCode && said.GetProperty("state").GetString() == "opening";
            if (!opening)
            {
                Assert.True(answer.StatusCode == expected, $"{(int)expected} was expected, {(int)answer.StatusCode} came: {said}");
                return read(said);
            }
            Assert.True(DateTime.UtcNow < late, $"The atlas was to be open within a minute; it is {said}");
            await Task.Delay(20);
        }
    }
}
