using System.Net;
using System.Text.Json;
using Distributed.Engine.Documents;

namespace Distributed.Cluster.Tests;

/// <summary>A job over a text, handed in to any silo: its attention is shared by all, and it survives what jobs over tensors survive.</summary>
public sealed class DocumentTests(DocumentTests.Book book) : IClassFixture<DocumentTests.Book>
{
    private const string Attention = "attention", Links = "links";
    private const string Specification = """{"version":1,"document":"document:book.txt","links":20}""";
    private static readonly string[] Made = ["attention.png", "embeddings.safetensors", "links.json", "report.html"];

    [Fact]
    public async Task Its_attention_is_paused_and_goes_on_on_all_silos_and_nothing_is_left_of_one_that_is_cancelled()
    {
        await using var cluster = new TestCluster(book.Folder, null);
        await cluster.StartAsync(2);
        await cluster.AgreeOnAsync(2);
        Guid job = await SubmitAsync(cluster);
        JobView running = await InAttentionAsync(cluster, job, done: 0.2);
        Assert.True(running.Silos.Length == 2, $"Both silos were to be at work on the attention: {running}");
        JsonElement blocks = await AskAsync(cluster.Silos[0], HttpMethod.Get, $"v1/jobs/{job}/blocks");
        await AskAsync(cluster.Silos[1], HttpMethod.Post, $"v1/jobs/{job}/pause");
        JobView paused = await cluster.WhenAsync(job, view => view.State is not ("running" or "pausing"), "the job to be paused");
        Assert.True(paused.State == "paused", $"The job is {paused.State}: {paused.Error}\n{cluster.Said()}");

        await AskAsync(cluster.Silos[0], HttpMethod.Post, $"v1/jobs/{job}/resume");
        JobView went = await InAttentionAsync(cluster, job, done: 0.06);
        Assert.True(went.Done >= paused.Done / 2, $"The attention went on at {went.Done:p0} and was paused at {paused.Done:p0}.");
        await cluster.EndedAsync(job);
        await CheckAsync(cluster, job, "paused and resumed");
        Assert.True(blocks.GetProperty("blocks").GetArrayLength() > 1, $"The attention was to be cut into blocks: {blocks}");

        Guid other = await SubmitAsync(cluster);
        await InAttentionAsync(cluster, other, done: 0.1);
        await AskAsync(cluster.Silos[1], HttpMethod.Delete, $"v1/jobs/{other}");
        await cluster.WhenAsync(other, view => view.State == "cancelled", "the job to be cancelled");
        await Until.FoundAsync(
            () => Task.FromResult(LeftOf(cluster, other).Length == 0 ? "" : null), TimeSpan.FromSeconds(20),
            () => $"nothing to be left of the job; there are {string.Join(", ", LeftOf(cluster, other))}.");
    }

    [Theory]
    [InlineData(Attention)]
    [InlineData(Links)]
    public async Task The_silo_that_has_the_queue_is_killed_and_the_bytes_are_those_of_one_process(string phase)
    {
        using PostgresServer postgres = PostgresServer.StartOrSkip();
        await using var cluster = new TestCluster(book.Folder, postgres);
        await cluster.StartAsync(3);
        await cluster.AgreeOnAsync(3);
        Guid job = await SubmitAsync(cluster);
        JobView then = phase == Attention
            ? await InAttentionAsync(cluster, job, done: 0.2)
            : await cluster.WhenAsync(job, view => view.Ended || view.Phase == Links, "its links to be looked for");
        Assert.False(then.Ended, $"The job had ended before a silo was killed: {then}");
        // Its log says who took the job on.
        SiloProcess queue = Assert.Single(cluster.Silos, silo => silo.Output.Contains($"Job {job} of key", StringComparison.Ordinal));
        queue.Kill();

        JobView ended = await cluster.EndedAsync(job);
        Assert.True(ended.Starts == 2, $"Another silo was to take the job up: {ended}");
        if (phase == Links)
            Assert.True(ended.Coordinators <= 1, $"Its attention had ended and was computed again: {ended}");
        await CheckAsync(cluster, job, $"the queue killed in {phase}");
    }

    private async Task<Guid> SubmitAsync(TestCluster cluster)
    {
        using HttpResponseMessage answer = await cluster.Silos[0].Http.PutAsync("v1/documents/book.txt", new ByteArrayContent(await File.ReadAllBytesAsync(book.Text)));
        Assert.True(answer.IsSuccessStatusCode, $"The text was not taken: {await answer.Content.ReadAsStringAsync()}");
        return await cluster.SubmitAsync(Specification);
    }

    private static async Task<JobView> InAttentionAsync(TestCluster cluster, Guid job, double done)
    {
        JobView view = await cluster.WhenAsync(job, view => view.Ended || (view.State == "running" && view.Done >= done), $"{done:p0} of the job to be done");
        Assert.True(view.Phase == Attention, $"The job was to be hit in its attention: {view}");
        return view;
    }

    private async Task CheckAsync(TestCluster cluster, Guid job, string what)
    {
        foreach (string name in Made)
        {
            byte[] made = await cluster.Answering.First().Http.GetByteArrayAsync($"v1/jobs/{job}/files/{name}");
            byte[] expectedBytes = await File.ReadAllBytesAsync(Path.Combine(book.Here, name));
            Assert.True(made.AsSpan().SequenceEqual(expectedBytes), $"{what}: {name} differs from that of one process.");
        }
        string[] expected = [.. Made.Append("inputs").Order()];
        await Until.FoundAsync(
            () => Task.FromResult(LeftOf(cluster, job).Select(Path.GetFileName).Order().SequenceEqual(expected) ? "" : null), TimeSpan.FromSeconds(20),
            () => $"{what}: only results to be left of the job; there are {string.Join(", ", LeftOf(cluster, job))}.");
    }

    private static string[] LeftOf(TestCluster cluster, Guid job) =>
    [
        .. new[] { "work", "results", "jobs" }.Select(folder => Path.Combine(cluster.Folder, folder, $"{job:n}")).Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateFileSystemEntries(folder)),
    ];

    private static async Task<JsonElement> AskAsync(SiloProcess silo, HttpMethod method, string path)
    {
        using var request = new HttpRequestMessage(method, path);
        using HttpResponseMessage answer = await silo.Http.SendAsync(request);
        string said = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode && answer.StatusCode != HttpStatusCode.NoContent, $"{method} {path}: {said}");
        return JsonDocument.Parse(said).RootElement;
    }

    /// <summary>A text, and what one process makes of it.</summary>
    public sealed class Book : IAsyncLifetime
    {
        private const int Passages = 16_000;

        /// <summary>Where it is, and the clusters' folders.</summary>
        public string Folder { get; } = Directory.CreateTempSubdirectory("text").FullName;

        /// <summary>The text.</summary>
        public string Text => Path.Combine(Folder, "book.txt");

        /// <summary>What one process makes of it.</summary>
        public string Here => Path.Combine(Folder, "here");

        /// <inheritdoc/>
        public async ValueTask InitializeAsync()
        {
            await File.WriteAllLinesAsync(Text, Enumerable.Range(0, Passages).Select(i => $"Verse {i % 7001} tells of {i % 7001 * 7919} and {i * 31} more."));
            await DocumentJob.RunAsync(Text, new DocumentOptions { Links = 20, OutputDirectory = Here });
        }

        /// <inheritdoc/>
        public ValueTask DisposeAsync()
        {
            Directory.Delete(Folder, recursive: true);
            return ValueTask.CompletedTask;
        }
    }
}
