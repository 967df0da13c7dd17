using System.Net;
using System.Text;
using System.Text.Json;

namespace Distributed.Silo.Tests.Api;

public sealed class JobTests
{
    private const string Small = """{"version":1,"input":"tensor:small","causal":"top-left"}""";
    private const string Large = """{"version":1,"input":"tensor:large"}""";

    /// <summary>Takes half a minute and more: what needs a job that runs must not depend on how fast the rest of the test is.</summary>
    private const string Endless = """{"version":1,"input":"tensor:endless"}""";

    [Fact]
    public async Task A_job_computes_what_the_engine_computes_and_its_files_go_with_it()
    {
        await using TestSilo silo = await SiloAsync();
        Guid job = await silo.SubmitAsync(Small);

        JsonElement done = await silo.UntilAsync(job, "finished", "failed");

        Assert.Equal("finished", done.GetProperty("state").GetString());
        Assert.Equal(["waiting", "running", "finished"], done.GetProperty("history").EnumerateArray().Select(change => change.GetProperty("state").GetString()!));
        byte[] result = await silo.Http.GetByteArrayAsync($"v1/jobs/{job}/result");
        Assert.Equal(await ExpectedAsync(silo), result);
        await silo.JsonAsync(HttpMethod.Delete, $"v1/jobs/{job}", HttpStatusCode.NoContent);
        await silo.GetAsync($"v1/jobs/{job}", HttpStatusCode.NotFound);
        Assert.Empty(Directory.GetDirectories(Path.Combine(silo.Data, "work")));
        Assert.Empty(Directory.GetDirectories(Path.Combine(silo.Data, "results")));
    }

    [Fact]
    public async Task A_document_becomes_links_a_picture_and_embeddings()
    {
        await using TestSilo silo = await TestSilo.StartAsync();
        string book = string.Join('\n', Enumerable.Range(0, 400).Select(i => $"Verse {i % 200} tells of {i % 200 * 7919} and {i * 31} more."));
        await silo.PutAsync("v1/documents/book.txt", Encoding.UTF8.GetBytes(book));
        Guid job = await silo.SubmitAsync("""{"version":1,"document":"document:book.txt","links":5}""");

        JsonElement done = await silo.UntilAsync(job, "finished", "failed");

        Assert.Equal(["links.json", "attention.png", "report.html", "embeddings.safetensors"], done.GetProperty("files").EnumerateArray().Select(file => file.GetProperty("name").GetString()!));
        JsonElement links = JsonDocument.Parse(await silo.Http.GetByteArrayAsync($"v1/jobs/{job}/files/links.json")).RootElement;
        Assert.Equal(JsonValueKind.Object, links.ValueKind);
        await silo.GetAsync($"v1/jobs/{job}/files/nothing", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_job_keeps_its_input_when_the_name_is_removed_or_given_to_other_bytes()
    {
        await using TestSilo silo = await SiloAsync("--jobs-at-once", "1");
        Guid first = await EndlessAsync(silo);
        Guid job = await silo.SubmitAsync(Small);
        await silo.JsonAsync(HttpMethod.Delete, "v1/tensors/small", HttpStatusCode.NoContent);
        await silo.PostAsync($"v1/jobs/{first}/cancel", "");

        Assert.Equal("finished", (await silo.UntilAsync(job, "finished", "failed")).GetProperty("state").GetString());
    }

    [Fact]
    public async Task The_same_idempotency_key_is_the_same_job_and_another_job_is_refused()
    {
        await using TestSilo silo = await SiloAsync();

        JsonElement first = await SubmitAsync(silo, Small, "key", HttpStatusCode.Accepted);
        JsonElement again = await SubmitAsync(silo, Small, "key", HttpStatusCode.OK);
        await SubmitAsync(silo, Large, "key", HttpStatusCode.UnprocessableEntity);

        Assert.Equal(first.GetProperty("id").GetGuid(), again.GetProperty("id").GetGuid());
        Assert.Single((await silo.GetAsync("v1/jobs")).GetProperty("jobs").EnumerateArray());
    }

    [Fact]
    public async Task A_job_pauses_survives_a_restart_and_goes_on_to_the_same_bytes()
    {
        string folder = Directory.CreateTempSubdirectory("silo-").FullName;
        try
        {
            Guid job;
            double before;
            await using (TestSilo first = await SiloIn(folder))
            {
                (job, before) = await PausedAsync(first);
            }
            await using TestSilo second = await TestSilo.StartAsync(folder);
            JsonElement still = await second.GetAsync($"v1/jobs/{job}");
            Assert.Equal(("paused", before), (still.GetProperty("state").GetString(), still.GetProperty("done").GetDouble()));
            await second.PostAsync($"v1/jobs/{job}/resume", "");
            Assert.Equal("finished", (await second.UntilAsync(job, "finished", "failed")).GetProperty("state").GetString());
            Guid whole = await second.SubmitAsync(Large);
            await second.UntilAsync(whole, "finished", "failed");
            Assert.Equal(await second.Http.GetByteArrayAsync($"v1/jobs/{whole}/result"), await second.Http.GetByteArrayAsync($"v1/jobs/{job}/result"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_running_job_is_stopped_by_the_servers_end_and_goes_on_by_itself()
    {
        string folder = Directory.CreateTempSubdirectory("silo-").FullName;
        try
        {
            Guid job;
            await using (TestSilo first = await SiloIn(folder))
            {
                job = await first.SubmitAsync(Large);
                await first.UntilAsync(job, "running", "finished");
            }
            await using TestSilo second = await TestSilo.StartAsync(folder);
            Assert.Equal("finished", (await second.UntilAsync(job, "finished", "failed")).GetProperty("state").GetString());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Cancelled_jobs_leave_nothing_and_wrong_states_are_refused()
    {
        await using TestSilo silo = await SiloAsync();
        Guid job = await EndlessAsync(silo);
        await silo.JsonAsync(HttpMethod.Delete, $"v1/jobs/{job}", HttpStatusCode.Accepted);
        await silo.UntilAsync(job, "cancelled");

        await silo.PostAsync($"v1/jobs/{job}/pause", "", HttpStatusCode.Conflict);
        await silo.PostAsync($"v1/jobs/{job}/resume", "", HttpStatusCode.Conflict);
        await silo.PostAsync($"v1/jobs/{job}/cancel", "");
        await silo.GetAsync($"v1/jobs/{job}/result", HttpStatusCode.Conflict);
        await silo.JsonAsync(HttpMethod.Delete, $"v1/jobs/{job}", HttpStatusCode.NoContent);
        Assert.Empty(Directory.GetDirectories(Path.Combine(silo.Data, "results")));
    }

    [Fact]
    public async Task A_job_that_can_never_fit_is_refused_with_the_arithmetic()
    {
        await using TestSilo silo = await SiloAsync("--memory-gb", "0.05");

        JsonElement refused = await silo.PostAsync("v1/jobs", Large, HttpStatusCode.UnprocessableEntity);

        Assert.Matches(@"needs [0-9.]+ GB .*the limit is 0\.05 GB", refused.GetProperty("detail").GetString());
        Assert.Empty(Directory.GetDirectories(Path.Combine(silo.Data, "work")));
    }

    [Fact]
    public async Task Higher_priorities_go_first()
    {
        await using TestSilo silo = await SiloAsync("--jobs-at-once", "1");
        Guid running = await EndlessAsync(silo);
        Guid low = await silo.SubmitAsync(Small), high = await silo.SubmitAsync(Small, "?priority=7");
        await silo.PostAsync($"v1/jobs/{running}/cancel", "");

        DateTimeOffset Started(JsonElement job) => job.GetProperty("started").GetDateTimeOffset();
        Assert.True(Started(await silo.UntilAsync(high, "finished")) < Started(await silo.UntilAsync(low, "finished")));
    }

    [Fact]
    public async Task Lists_filter_and_page()
    {
        await using TestSilo silo = await SiloAsync();
        var all = new List<Guid>();
        for (int i = 0; i < 5; i++)
            all.Add(await silo.SubmitAsync(Small, i == 2 ? "?name=third" : ""));
        foreach (Guid job in all)
            await silo.UntilAsync(job, "finished");

        JsonElement page = await silo.GetAsync("v1/jobs?limit=3");
        JsonElement rest = await silo.GetAsync($"v1/jobs?limit=3&after={page.GetProperty("next").GetGuid()}");

        Guid[] listed = [.. page.GetProperty("jobs").EnumerateArray().Concat(rest.GetProperty("jobs").EnumerateArray()).Select(job => job.GetProperty("id").GetGuid())];
        Assert.Equal(all.Order(), listed.Order());
        Assert.False(rest.TryGetProperty("next", out _));
        Assert.Equal(all[2], Assert.Single((await silo.GetAsync("v1/jobs?name=third&state=finished")).GetProperty("jobs").EnumerateArray()).GetProperty("id").GetGuid());
        Assert.Empty((await silo.GetAsync("v1/jobs?state=running,paused")).GetProperty("jobs").EnumerateArray());
        await silo.GetAsync("v1/jobs?state=asleep", HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Events_tell_every_state_and_go_on_behind_the_last_one()
    {
        await using TestSilo silo = await SiloAsync();
        Guid job = await silo.SubmitAsync(Small);
        string all = await silo.Http.GetStringAsync($"v1/jobs/{job}/events");
        Assert.Contains("\"state\":\"waiting\"", all, StringComparison.Ordinal);
        Assert.Contains("\"state\":\"finished\"", all, StringComparison.Ordinal);
        JsonElement history = (await silo.GetAsync($"v1/jobs/{job}")).GetProperty("history");

        using var again = new HttpRequestMessage(HttpMethod.Get, $"v1/jobs/{job}/events");
        again.Headers.Add("Last-Event-ID", $"{history[1].GetProperty("revision").GetInt64()}");
        string rest = await (await silo.Http.SendAsync(again)).Content.ReadAsStringAsync();
        Assert.Equal(1, rest.Split("event: state").Length - 1);

        using var done = new HttpRequestMessage(HttpMethod.Get, $"v1/jobs/{job}/events");
        done.Headers.Add("Last-Event-ID", $"{(await silo.GetAsync($"v1/jobs/{job}")).GetProperty("revision").GetInt64()}");
        Assert.Equal(HttpStatusCode.NoContent, (await silo.Http.SendAsync(done)).StatusCode);
    }

    [Fact]
    public async Task Files_outside_the_roots_are_refused_by_every_way_there()
    {
        string folder = Directory.CreateTempSubdirectory("silo-").FullName;
        try
        {
            string root = Directory.CreateDirectory(Path.Combine(folder, "root")).FullName, outside = Directory.CreateDirectory(Path.Combine(folder, "outside")).FullName;
            await File.WriteAllBytesAsync(Path.Combine(root, "in.safetensors"), TestTensors.Qkv(1, 20, 8));
            await File.WriteAllBytesAsync(Path.Combine(outside, "in.safetensors"), TestTensors.Qkv(1, 20, 8));
            File.CreateSymbolicLink(Path.Combine(root, "link.safetensors"), Path.Combine(outside, "in.safetensors"));
            File.CreateSymbolicLink(Path.Combine(root, "folder"), outside);
            // The second root holds the server's own data, too.
            Directory.CreateDirectory(Path.Combine(folder, "data"));
            await using TestSilo silo = await TestSilo.StartAsync(folder, "--file-roots", $"{root}:{folder}/data");
            await silo.PutAsync("v1/tensors/own.safetensors", TestTensors.Qkv(1, 20, 8));

            string own = Directory.GetFiles(Path.Combine(silo.Data, "tensors", "contents")).Single();
            foreach (string input in new[] { $"file:{own}", $"file:{outside}/in.safetensors", $"file:{root}/../outside/in.safetensors", $"file:{root}/link.safetensors", $"{root}/folder/in.safetensors", "file:/etc/passwd", "file:in.safetensors", "in.safetensors", "tensor:../root/in" })
                await silo.PostAsync("v1/jobs", JsonSerializer.Serialize(new { version = 1, input }), HttpStatusCode.BadRequest);
            foreach (string output in new[] { $"file:{own}", $"file:{silo.Data}/queue/out.safetensors", $"file:{outside}/out.safetensors", $"file:{root}/folder/out.safetensors", "../out.safetensors", $"file:{root}/../out.safetensors" })
                await silo.PostAsync("v1/jobs", JsonSerializer.Serialize(new { version = 1, input = $"file:{root}/in.safetensors", output }), HttpStatusCode.BadRequest);

            Guid job = await silo.SubmitAsync(JsonSerializer.Serialize(new { version = 1, input = $"file:{root}/in.safetensors", output = $"file:{root}/out.safetensors" }));
            Assert.Equal("finished", (await silo.UntilAsync(job, "finished", "failed")).GetProperty("state").GetString());
            Assert.True(File.Exists(Path.Combine(root, "out.safetensors")));
            await silo.JsonAsync(HttpMethod.Delete, $"v1/jobs/{job}", HttpStatusCode.NoContent);
            Assert.True(File.Exists(Path.Combine(root, "out.safetensors")), "A file of the user's own was removed with the job.");
            Assert.Equal(["in.safetensors"], Directory.GetFiles(outside).Select(Path.GetFileName));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Neither_results_nor_errors_tell_where_the_server_keeps_its_data()
    {
        await using TestSilo silo = await SiloAsync();
        await silo.PutAsync("v1/tensors/q.npy", Npy(2, 1500, 16));
        Guid job = await silo.SubmitAsync("""{"version":1,"input":"tensor:small","lse":true}""");
        JsonElement done = await silo.UntilAsync(job, "finished", "failed");

        string result = Encoding.Latin1.GetString(await silo.Http.GetByteArrayAsync($"v1/jobs/{job}/result"));
        JsonElement refused = await silo.PostAsync("v1/jobs", """{"version":1,"input":"tensor:q.npy"}""", HttpStatusCode.BadRequest);
        JsonElement other = await silo.PostAsync("v1/jobs", """{"version":1,"input":"tensor:small","output":"result.txt"}""", HttpStatusCode.BadRequest);

        Assert.Contains("inputs/tensor/small", result, StringComparison.Ordinal);
        Assert.Contains("'tensor:q.npy'", refused.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("'result.txt'", other.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.All([result, $"{done}", $"{refused}", $"{other}"], text => Assert.DoesNotContain(silo.Folder, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_output_elsewhere_on_the_server_names_its_input_as_its_owner_does()
    {
        string folder = Directory.CreateTempSubdirectory("silo-").FullName;
        try
        {
            string root = Directory.CreateDirectory(Path.Combine(folder, "root")).FullName, output = Path.Combine(root, "out.safetensors");
            await using TestSilo silo = await SiloIn(folder, "--file-roots", root);
            Guid job = await silo.SubmitAsync(JsonSerializer.Serialize(new { version = 1, input = "tensor:small", output = $"file:{output}", lse = true }));
            await silo.UntilAsync(job, "finished", "failed");

            byte[] result = await File.ReadAllBytesAsync(output);
            using JsonDocument header = JsonDocument.Parse(result.AsMemory(sizeof(long), (int)BitConverter.ToInt64(result)));
            string madeBy = header.RootElement.GetProperty("__metadata__").GetProperty("attention_job").GetString()!;
            Assert.Equal("small", JsonDocument.Parse(madeBy).RootElement.GetProperty("input").GetString());
            Assert.DoesNotContain(silo.Data, madeBy, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_file_that_has_left_the_roots_since_fails_the_job()
    {
        string folder = Directory.CreateTempSubdirectory("silo-").FullName;
        try
        {
            string root = Directory.CreateDirectory(Path.Combine(folder, "root")).FullName, input = Path.Combine(root, "in.safetensors");
            await File.WriteAllBytesAsync(input, TestTensors.Qkv(1, 20, 8));
            File.Copy(input, Path.Combine(folder, "outside.safetensors"));
            await using TestSilo silo = await SiloIn(folder, "--file-roots", root, "--jobs-at-once", "1");
            Guid before = await EndlessAsync(silo);
            Guid job = await silo.SubmitAsync(JsonSerializer.Serialize(new { version = 1, input = $"file:{input}" }));
            File.Delete(input);
            File.CreateSymbolicLink(input, Path.Combine(folder, "outside.safetensors"));
            await silo.PostAsync($"v1/jobs/{before}/cancel", "");

            JsonElement failed = await silo.UntilAsync(job, "finished", "failed");

            Assert.Equal($"'{input}' is not under a folder that the server gives jobs ({root}).", failed.GetProperty("error").GetString());
            Assert.True(failed.GetProperty("isInputError").GetBoolean());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task What_has_ended_goes_after_its_time()
    {
        await using TestSilo silo = await SiloAsync("--keep-days", "0.00001");
        Guid job = await silo.SubmitAsync(Small);

        // The record goes first, the files behind it.
        DateTime late = DateTime.UtcNow.AddSeconds(60);
        while ((await silo.Http.GetAsync($"v1/jobs/{job}")).StatusCode != HttpStatusCode.NotFound || Directory.GetDirectories(Path.Combine(silo.Data, "results")).Length > 0)
        {
            Assert.True(DateTime.UtcNow < late, "The job and its results were to be removed within 60 s.");
            await Task.Delay(50);
        }
    }

    [Fact]
    public async Task A_second_server_on_the_same_folder_is_refused()
    {
        string folder = Directory.CreateTempSubdirectory("silo-").FullName;
        await using (TestSilo silo = await TestSilo.StartAsync(folder))
        {
            Engine.InputException refused = await Assert.ThrowsAsync<Engine.InputException>(() => TestSilo.StartAsync(folder));
            Assert.Contains("another server", refused.Message, StringComparison.Ordinal);
        }
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<Guid> EndlessAsync(TestSilo silo)
    {
        await silo.PutAsync("v1/tensors/endless", TestTensors.Qkv(1, 400_000, 8));
        return await silo.SubmitAsync(Endless);
    }

    /// <summary>Pauses a job in its midst; one that ends before that can be done is followed by another.</summary>
    private static async Task<(Guid Job, double Done)> PausedAsync(TestSilo silo)
    {
        while (true)
        {
            Guid job = await silo.SubmitAsync(Large);
            while ((await silo.GetAsync($"v1/jobs/{job}")).GetProperty("done").GetDouble() < 0.05)
                await Task.Delay(5);
            using (HttpResponseMessage answer = await silo.Http.PostAsync($"v1/jobs/{job}/pause", TestSilo.Json("")))
                Assert.True(answer.StatusCode is HttpStatusCode.Accepted or HttpStatusCode.Conflict, $"A pause was answered by {answer.StatusCode}.");
            JsonElement now = await silo.UntilAsync(job, "paused", "finished");
            if (now.GetProperty("state").GetString() == "paused")
                return (job, now.GetProperty("done").GetDouble());
        }
    }

    private static Task<TestSilo> SiloAsync(params string[] settings) => SiloIn(null, settings);

    private static async Task<TestSilo> SiloIn(string? folder, params string[] settings)
    {
        TestSilo silo = await TestSilo.StartAsync(folder, settings);
        await silo.PutAsync("v1/tensors/small", TestTensors.Qkv(2, 1500, 16));
        await silo.PutAsync("v1/tensors/large", TestTensors.Qkv(8, 12_000, 64));
        return silo;
    }

    private static byte[] Npy(int heads, int rows, int dim)
    {
        string header = $"{{'descr': '<f4', 'fortran_order': False, 'shape': (1, {heads}, {rows}, {dim}), }}".PadRight(117) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, .. BitConverter.GetBytes((ushort)header.Length), .. Encoding.ASCII.GetBytes(header), .. new byte[heads * rows * dim * 4]];
    }

    private static async Task<byte[]> ExpectedAsync(TestSilo silo)
    {
        string input = Path.Combine(silo.Folder, "expected.in.safetensors"), output = Path.Combine(silo.Folder, "expected.safetensors");
        await File.WriteAllBytesAsync(input, TestTensors.Qkv(2, 1500, 16));
        await Engine.FileJobs.FileJob.RunAsync(new Engine.FileJobs.FileJobSpecification
        {
            Inputs = Engine.FileJobs.TensorPaths.InOneFile(input),
            Output = output,
            Options = new Engine.Jobs.AttentionOptions { Causal = Engine.Jobs.CausalAlignment.TopLeft },
        });
        return await File.ReadAllBytesAsync(output);
    }

    private static async Task<JsonElement> SubmitAsync(TestSilo silo, string job, string key, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/jobs") { Content = TestSilo.Json(job) };
        request.Headers.Add("Idempotency-Key", key);
        using HttpResponseMessage answer = await silo.Http.SendAsync(request);
        Assert.Equal(expected, answer.StatusCode);
        return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
    }
}
