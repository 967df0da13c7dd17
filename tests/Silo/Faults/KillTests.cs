using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Distributed.Silo.Tests.Faults;

/// <summary>
/// kill -9 at random moments while files are uploaded (whole and in parts), replaced and removed, and jobs over tensors and
/// texts, with results on the server and elsewhere, are submitted, paused, cancelled and removed; what has ended goes after
/// a while by itself. After each restart all that was acknowledged must be so, every
/// job must end right, and nothing may lie about. 10 kills; ATTEND_KILLS=N for more; ATTEND_SEED=N replays the choices.
/// </summary>
public sealed class KillTests : IDisposable
{
    private const string Job = """{"version":1,"input":"tensor:input","causal":"top-left"}""";
    private const string TextJob = """{"version":1,"document":"document:text","links":3}""";
    private const int MostAnswers = 50;
    private static readonly TimeSpan Kept = TimeSpan.FromDays(0.0004);
    private static readonly TimeSpan EndsWithin = TimeSpan.FromMinutes(2);
    private readonly string _folder = Directory.CreateTempSubdirectory("kills-").FullName;
    private readonly KillLedger _ledger = new();
    private readonly PartialUploads _partial;
    private readonly ITestOutputHelper _output;
    private int _number;
    private long _answers;
    private string _expected = "";

    public KillTests(ITestOutputHelper output)
    {
        (_output, _partial) = (output, new PartialUploads(_ledger));
        Directory.CreateDirectory(Elsewhere);
    }

    private string Elsewhere => Path.Combine(_folder, "elsewhere");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Nothing_that_was_acknowledged_is_lost()
    {
        int kills = int.Parse(Environment.GetEnvironmentVariable("ATTEND_KILLS") ?? "10");
        int seed = int.Parse(Environment.GetEnvironmentVariable("ATTEND_SEED") ?? "1");
        var random = new Random(seed);
        byte[] input = TestTensors.Qkv(2, 2500, 32);
        ServerProcess server = await StartAsync();
        try
        {
            await PutAsync(server, "tensors/input", input);
            await PutAsync(server, "documents/text", Encoding.ASCII.GetBytes(string.Join('\n', Enumerable.Range(0, 40).Select(i => $"line {i % 20} tells of {i % 20 * 7919}"))));
            _expected = await ResultAsync(server);
            for (int kill = 0; kill < kills; kill++)
            {
                using var stop = new CancellationTokenSource();
                Task[] load = [.. Enumerable.Range(0, 4).Select(worker => LoadAsync(server, new Random(seed + kill * 10 + worker), stop.Token))];
                // Between some answer and the next ones, on a fast machine as on a slow one.
                long goal = Interlocked.Read(ref _answers) + random.Next(MostAnswers);
                while (Interlocked.Read(ref _answers) < goal && !load.Any(worker => worker.IsCompleted))
                    await Task.Delay(1);
                await Task.Delay(random.Next(50));
                server.Kill();
                await stop.CancelAsync();
                await Task.WhenAll(load);
                server.Dispose();
                server = await StartAsync();
                await CheckAsync(server, $"After kill {kill + 1} (seed {seed})");
            }
        }
        finally
        {
            server.Dispose();
        }
        _output.WriteLine($"{kills} kills: {_ledger.Jobs.Count} jobs accepted, {_ledger.Files.Count} files written, {_partial.Resumed} uploads gone on with; all as acknowledged.");
    }

    private Task<ServerProcess> StartAsync() => ServerProcess.StartAsync(
        Path.Combine(_folder, "data"), ("keep-days", string.Create(CultureInfo.InvariantCulture, $"{Kept.TotalDays:f6}")), ("checkpoint-seconds", "0.02"), ("file-roots", Elsewhere));

    private async Task LoadAsync(ServerProcess server, Random random, CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                await DoSomethingAsync(server, random);
                Interlocked.Increment(ref _answers);
            }
        }
        catch (Exception error) when (error is HttpRequestException or IOException or TaskCanceledException)
        {
            // The server was killed; what was not answered may or may not have been done.
        }
    }

    private async Task DoSomethingAsync(ServerProcess server, Random random)
    {
        Guid[] jobs = [.. _ledger.Jobs.Where(job => !job.Value.MayBeGone).Select(job => job.Key)];
        switch (random.Next(10))
        {
            case 0 or 1:
                // Some names are written again and again, others once.
                string name = random.Next(2) == 0 ? $"again-{random.Next(3)}" : $"once-{Interlocked.Increment(ref _number)}";
                await PutAsync(server, $"documents/{name}", Encoding.ASCII.GetBytes(new string((char)random.Next('a', 'z'), random.Next(1, 300_000)) + random.Next()));
                break;
            case 2:
                await DeleteFileAsync(server, $"documents/again-{random.Next(3)}");
                break;
            case 3 or 4:
                await SubmitAsync(server, random.Next(4) switch
                {
                    0 => TextJob,
                    1 => Job[..^1] + $",\"output\":\"file:{Elsewhere}/{Interlocked.Increment(ref _number)}.safetensors\"}}",
                    _ => Job,
                });
                break;
            case 8 or 9:
                await _partial.SendAsync(server, random);
                break;
            case 5 when jobs.Length > 0:
                await server.Http.PostAsync($"v1/jobs/{jobs[random.Next(jobs.Length)]}/{(random.Next(2) == 0 ? "pause" : "resume")}", null);
                break;
            case 6 when jobs.Length > 0:
                await CancelAsync(server, jobs[random.Next(jobs.Length)]);
                break;
            case 7 when jobs.Length > 0 && jobs[random.Next(jobs.Length)] is var job && _ledger.Jobs[job].HasEnded:
                _ledger.Jobs[job].MayBeGone = true;
                _ledger.Jobs[job].Gone = (await server.Http.DeleteAsync($"v1/jobs/{job}")).StatusCode == HttpStatusCode.NoContent;
                break;
            default:
                await Task.Yield();
                break;
        }
    }

    private async Task PutAsync(ServerProcess server, string path, byte[] content)
    {
        string digest = Convert.ToHexStringLower(SHA256.HashData(content));
        _ledger.Begin(path, digest);
        using HttpResponseMessage answer = await server.Http.PutAsync($"v1/{path}", new ByteArrayContent(content));
        if (answer.IsSuccessStatusCode)
            Acknowledge(path, digest);
        else
            Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
    }

    private async Task DeleteFileAsync(ServerProcess server, string path)
    {
        _ledger.Begin(path, null);
        using HttpResponseMessage answer = await server.Http.DeleteAsync($"v1/{path}");
        Assert.True(answer.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.NotFound, $"DELETE {path} answered {answer.StatusCode}.");
    }

    /// <summary>Names that several write at the same time may have any of their contents; others have this.</summary>
    private void Acknowledge(string path, string digest)
    {
        if (!path.Contains("again", StringComparison.Ordinal))
            _ledger.End(path, digest);
    }

    private async Task SubmitAsync(ServerProcess server, string job)
    {
        string key = Guid.NewGuid().ToString();
        _ledger.Unanswered[key] = job;
        await SubmitAsync(server, key, job);
    }

    private async Task SubmitAsync(ServerProcess server, string key, string job)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "v1/jobs") { Content = TestSilo.Json(job) };
        request.Headers.Add("Idempotency-Key", key);
        using HttpResponseMessage answer = await server.Http.SendAsync(request);
        string said = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.IsSuccessStatusCode, $"The job was refused: {said}");
        _ledger.Jobs.TryAdd(JsonDocument.Parse(said).RootElement.GetProperty("id").GetGuid(), new AcceptedJob { IsOverText = job == TextJob });
        _ledger.Unanswered.TryRemove(key, out _);
    }

    private async Task CancelAsync(ServerProcess server, Guid job)
    {
        _ledger.Jobs[job].MayBeCancelled = true;
        using HttpResponseMessage answer = await server.Http.PostAsync($"v1/jobs/{job}/cancel", null);
        if (answer.StatusCode == HttpStatusCode.Accepted)
            _ledger.Jobs[job].CancelAcknowledged = true;
    }

    private async Task CheckAsync(ServerProcess server, string when)
    {
        foreach ((string key, string job) in _ledger.Unanswered)
            await SubmitAsync(server, key, job);
        await _partial.CheckAsync(server, when);
        foreach ((string path, HashSet<string?> may) in _ledger.Files)
        {
            using HttpResponseMessage answer = await server.Http.GetAsync($"v1/{path}");
            string? found = answer.StatusCode == HttpStatusCode.NotFound ? null : Convert.ToHexStringLower(SHA256.HashData(await answer.Content.ReadAsByteArrayAsync()));
            Assert.True(may.Contains(found), $"{when}: {path} has {found ?? "nothing"}, where {string.Join(" or ", may.Select(one => one ?? "nothing"))} was written.");
            if (path.Contains("again", StringComparison.Ordinal))
                _ledger.End(path, found);
        }
        foreach ((Guid id, AcceptedJob job) in _ledger.Jobs.Where(job => !job.Value.Gone))
            await CheckAsync(server, id, job, when);
        CheckFolder(when);
    }

    private async Task CheckAsync(ServerProcess server, Guid id, AcceptedJob job, string when)
    {
        for (long began = Stopwatch.GetTimestamp(); ;)
        {
            using HttpResponseMessage answer = await server.Http.GetAsync($"v1/jobs/{id}");
            if (answer.StatusCode == HttpStatusCode.NotFound)
            {
                Assert.True(
                    job.MayBeGone || job.HasEnded || Stopwatch.GetElapsedTime(job.Accepted) > Kept,
                    $"{when}: job {id} is gone, and it had neither been removed nor could its time be over.");
                job.Gone = job.MayBeGone = true;
                return;
            }
            JsonElement now = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
            switch (now.GetProperty("state").GetString())
            {
                case "finished":
                    if (!job.HasEnded && !job.IsOverText)
                        Assert.Equal(_expected, Convert.ToHexStringLower(SHA256.HashData(await server.Http.GetByteArrayAsync($"v1/jobs/{id}/result"))));
                    job.HasEnded = true;
                    return;
                case "cancelled":
                    Assert.True(job.MayBeCancelled, $"{when}: job {id} is cancelled, and nobody asked for that.");
                    job.HasEnded = true;
                    return;
                case "paused":
                    await server.Http.PostAsync($"v1/jobs/{id}/resume", null);
                    break;
                case "failed":
                    Assert.Fail($"{when}: job {id} failed: {now.GetProperty("error")}\n{server.Said}");
                    break;
                default:
                    Assert.False(job.CancelAcknowledged && now.GetProperty("state").GetString() is "waiting" or "running" && job.HasEnded);
                    break;
            }
            Assert.True(Stopwatch.GetElapsedTime(began) < EndsWithin, $"{when}: job {id} did not end within {EndsWithin}: {now}\n{server.Said}");
            await Task.Delay(10);
        }
    }

    private void CheckFolder(string when)
    {
        string data = Path.Combine(_folder, "data");
        string[] Names(string folder) => [.. Directory.EnumerateFileSystemEntries(Path.Combine(data, folder)).Select(path => Path.GetFileName(path)!)];
        // The last job's clearing up comes after its end has been told.
        for (int tries = 0; Names("work").Length > 0; tries++)
        {
            Assert.True(tries < 500, $"{when}: every job has ended, and there is work of {string.Join(", ", Names("work"))}.");
            Thread.Sleep(10);
        }
        foreach (string kind in new[] { "tensors", "documents" })
        {
            HashSet<string> known = [.. Directory.EnumerateFiles(Path.Combine(data, kind, "names")).Select(path =>
                JsonDocument.Parse(File.ReadAllBytes(path)).RootElement.GetProperty("Content").GetString()!)];
            Assert.True(known.SetEquals(Names($"{kind}/contents")), $"{when}: {kind} has {Names($"{kind}/contents").Length} contents for {known.Count} names.");
            Assert.Empty(Names($"uploads/{kind}/whole"));
            Assert.Equal(Names($"uploads/{kind}/states").Select(name => name[..^5]).Order(), Names($"uploads/{kind}/parts").Select(name => name[..^5]).Order());
        }
        string[] jobs = [.. Names(Path.Combine("queue", Assert.Single(Names("queue"))))];
        Assert.All(jobs, name => Assert.EndsWith(".json", name, StringComparison.Ordinal));
        Assert.Empty(Names("results").Except(jobs.Select(name => name[..^5])));
        string[] halves = Directory.GetFiles(_folder, "*.partial", SearchOption.AllDirectories);
        Assert.True(halves.Length == 0, $"{when}: there is {string.Join(", ", halves)}.");
    }

    private async Task<string> ResultAsync(ServerProcess server)
    {
        await SubmitAsync(server, Job);
        Guid job = _ledger.Jobs.Keys.Single();
        string? state;
        do
        {
            await Task.Delay(10);
            state = JsonDocument.Parse(await server.Http.GetStringAsync($"v1/jobs/{job}")).RootElement.GetProperty("state").GetString();
        }
        while (state is "waiting" or "running");
        return Convert.ToHexStringLower(SHA256.HashData(await server.Http.GetByteArrayAsync($"v1/jobs/{job}/result")));
    }
}
