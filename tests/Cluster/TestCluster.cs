using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Distributed.Cluster.Tests.Network;
using Distributed.Engine.FileJobs;
using Distributed.Engine.FileJobs.Specification;

namespace Distributed.Cluster.Tests;

/// <summary>Silos on this machine with a data folder of their own, and jobs for them.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(150);

    /// <summary>Seconds between two checkpoints of a block.</summary>
    public const double CheckpointSeconds = 0.3;

    private readonly PostgresServer? _postgres;
    private readonly (string, string)[] _settings;
    private int _primaryPort;

    public TestCluster(string folder, PostgresServer? postgres, params (string, string)[] settings)
    {
        _postgres = postgres;
        _settings = settings;
        Folder = Directory.CreateDirectory(Path.Combine(folder, Guid.NewGuid().ToString("n"))).FullName;
    }

    public string Folder { get; }

    /// <summary>Its name in the database.</summary>
    public string Name { get; } = $"test-{Guid.NewGuid():n}";

    /// <summary>What is in the environment of each silo beside its settings.</summary>
    public IReadOnlyList<(string Name, string Value)> Environment { get; init; } = [];

    /// <summary>The network that its silos are in; null = this machine's loopback interface.</summary>
    public TestNetwork? Network { get; init; }

    public List<SiloProcess> Silos { get; } = [];

    /// <summary>Silos that can answer.</summary>
    public IEnumerable<SiloProcess> Answering => Silos.Where(silo => silo.Alive && !silo.Frozen);

    /// <summary>Starts silos and waits until they are ready.</summary>
    public async Task StartAsync(int count)
    {
        var started = new List<SiloProcess>();
        for (int i = 0; i < count; i++)
        {
            SiloProcess silo = Begin();
            Silos.Add(silo);
            started.Add(silo);
            // The first one of a cluster without a database must be there before the others.
            if (Silos.Count == 1)
                await silo.ReadyAsync();
        }
        foreach (SiloProcess silo in started)
            await silo.ReadyAsync();
    }

    /// <summary>Starts a silo that is not waited for and not counted to the others.</summary>
    /// <param name="settings">Settings that go before the cluster's.</param>
    public SiloProcess Begin(params (string Name, string Value)[] settings)
    {
        int port = SiloProcess.FreePort();
        if (_primaryPort == 0)
            _primaryPort = port;
        NetworkPlace? place = Network?.Add();
        return SiloProcess.Start(
        [
            ("address", place?.Address ?? "127.0.0.1"),
            ("data", Folder), ("file-roots", Path.GetDirectoryName(Folder)!), ("secret", "a secret for the tests"), ("silo-port", $"{port}"),
            ("gateway-port", $"{SiloProcess.FreePort()}"), ("cluster", Name), ("threads", "1"), ("checkpoint-seconds", $"{CheckpointSeconds}"),
            _postgres is null ? ("primary-port", $"{_primaryPort}") : ("postgres", _postgres.ConnectionAt(Network?.Gateway ?? "127.0.0.1")),
            .. _settings, .. settings,
        ], Environment, place);
    }

    /// <summary>Waits until every silo that can answer sees so many.</summary>
    public async Task AgreeOnAsync(int count)
    {
        foreach (SiloProcess silo in Answering.ToArray())
        {
            int seen = -1;
            await Until.FoundAsync(
                async () => (seen = (await silo.Http.GetFromJsonAsync<JsonElement>("v1/cluster")).GetProperty("active").GetArrayLength()) == count ? "" : null,
                Patience, () => $"a silo to see {count} silos; it sees {seen}.");
        }
    }

    public Task<Guid> SubmitAsync(FileJobSpecification job) => SubmitAsync(SpecificationDocument.Write(job));

    public async Task<Guid> SubmitAsync(string specification)
    {
        using var body = new StringContent(specification, Encoding.UTF8, "application/json");
        try
        {
            using HttpResponseMessage answer = await Answering.First().Http.PostAsync("v1/jobs", body);
            string said = await answer.Content.ReadAsStringAsync();
            Assert.True(answer.StatusCode == HttpStatusCode.Accepted, $"The job was not taken on: {said}\n{Said()}");
            return JsonDocument.Parse(said).RootElement.GetProperty("id").GetGuid();
        }
        catch (TaskCanceledException)
        {
            Assert.Fail($"No silo answered within {Answering.First().Http.Timeout}.\n{Said()}");
            throw;
        }
    }

    /// <summary>Why a silo does not take a job on.</summary>
    public async Task<string> RefusedAsync(FileJobSpecification job)
    {
        using var body = new StringContent(SpecificationDocument.Write(job), Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await Answering.First().Http.PostAsync("v1/jobs", body);
        string said = await answer.Content.ReadAsStringAsync();
        Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, $"The job was not refused, but answered with {answer.StatusCode}: {said}");
        return JsonDocument.Parse(said).RootElement.GetProperty("detail").GetString()!;
    }

    /// <summary>The job as any silo shows it; null when none can.</summary>
    public async Task<JobView?> LookAsync(Guid job)
    {
        foreach (SiloProcess silo in Answering.ToArray())
        {
            try
            {
                using HttpResponseMessage answer = await silo.Http.GetAsync($"v1/jobs/{job}");
                if (answer.IsSuccessStatusCode)
                    return await answer.Content.ReadFromJsonAsync<JobView>(Json);
            }
            catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
            {
                // That silo was killed meanwhile, or its call died with another; the next one is asked.
            }
        }
        return null;
    }

    public async Task<JobView> WhenAsync(Guid job, Func<JobView, bool> condition, string what)
    {
        JobView? last = null;
        return await Until.FoundAsync(
            async () =>
            {
                last = await LookAsync(job) ?? last;
                return last is not null && condition(last) ? last : null;
            }, Patience, () => $"{what}; it is at {last}.\n{Said()}");
    }

    public async Task<JobView> EndedAsync(Guid job, string name = "the job")
    {
        JobView ended = await WhenAsync(job, view => view.Ended, $"{name} to end");
        Assert.True(ended.State == "finished", $"{name} ended as {ended.State}: {ended.Error}\n{Said()}");
        return ended;
    }

    /// <summary>Names of the silos in the cluster.</summary>
    public async Task<string[]> LookAtSilosAsync() =>
        [.. (await Answering.First().Http.GetFromJsonAsync<JsonElement>("v1/cluster")).GetProperty("active").EnumerateArray().Select(silo => silo.GetString()!)];

    public string Said() => string.Join("\n", Silos.Select((silo, i) => $"--- silo {i}, process {silo.Id}:\n{silo.Output}"));

    public async ValueTask DisposeAsync()
    {
        foreach (SiloProcess silo in Silos)
            await silo.DisposeAsync();
    }
}
