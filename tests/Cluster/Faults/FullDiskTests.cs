using System.Net;
using System.Text;
using System.Text.Json;
using Distributed.Cluster.Tests.Options;
using Distributed.Engine.Analytics;
using Distributed.Engine.FileJobs.Specification;
using Distributed.Engine.Jobs;
using Distributed.Silo.Tests.Faults;

namespace Distributed.Cluster.Tests.Faults;

/// <summary>
/// The folder that all silos share is full, at any write: a job is refused or waits, and all that were taken on end right
/// when there is room.
/// </summary>
public sealed class FullDiskTests : IAsyncLifetime
{
    private const int DiskBytes = 24 << 20;
    private SmallDisk? _disk;
    private TestCluster? _cluster;

    public async ValueTask InitializeAsync() => _disk = await SmallDisk.MountAsync(DiskBytes);

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
            await _cluster.DisposeAsync();
        if (_disk is not null)
            await _disk.DisposeAsync();
    }

    [Fact]
    public async Task A_job_waits_for_room_and_then_gives_the_same_bytes()
    {
        Assert.SkipWhen(_disk is null, "Mounting a file system needs root.");
        string folder = _disk.Folder;
        TestJob job = await TestJob.CreateAsync(folder, "job", new OptionJob("a job")
        {
            Shape = new AttentionShape(1, 2, 2, 5000, 5000, 32, 32),
            Options = new AttentionOptions { Causal = CausalAlignment.TopLeft },
            Says = job => job with { Analytics = new AnalyticsOptions { Received = true } },
        });
        _cluster = new TestCluster(folder, null, ("checkpoint-seconds", "0.01"));
        await _cluster.StartAsync(2);
        await _cluster.AgreeOnAsync(2);
        var taken = new Dictionary<Guid, string>();
        int refused = 0, waited = 0;
        // The job makes about 4 MB: its record, checkpoints, rows, parts of the second pass, the output.
        foreach (int room in new[] { 0, 16, 64, 1000, 1600, 2000, 2800, 3600 })
        {
            _disk.Fill(room << 10);
            string output = Path.Combine(folder, $"out-{room}.safetensors");
            using var body = new StringContent(SpecificationDocument.Write(job.To(output)), Encoding.UTF8, "application/json");
            using HttpResponseMessage answer = await _cluster.Silos[room % 2].Http.PostAsync("v1/jobs", body, TestContext.Current.CancellationToken);
            string said = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            if (answer.StatusCode == HttpStatusCode.InsufficientStorage)
            {
                refused++;
                continue;
            }
            Assert.True(answer.StatusCode == HttpStatusCode.Accepted, $"With {room} KiB of room the job was answered {answer.StatusCode}: {said}");
            Guid id = JsonDocument.Parse(said).RootElement.GetProperty("id").GetGuid();
            taken[id] = output;
            JobView view = await _cluster.WhenAsync(id, view => view.Ended || IsFull(view), "the job to end or to find the disk full");
            waited += IsFull(view) ? 1 : 0;
        }
        Assert.True(refused > 0 && waited > 1, $"{refused} jobs were refused and {waited} found the disk full later; both were to happen.\n{_cluster.Said()}");

        _disk.Empty();

        foreach ((Guid id, string output) in taken)
        {
            await _cluster.EndedAsync(id, Path.GetFileName(output));
            job.Check(output, Path.GetFileName(output));
        }
        Assert.DoesNotContain(Directory.GetFiles(folder), path => path.EndsWith(".partial", StringComparison.Ordinal));
    }

    private static bool IsFull(JobView view) => view.State == "waiting" && view.WaitsFor?.Contains("disk is full", StringComparison.Ordinal) == true;
}
