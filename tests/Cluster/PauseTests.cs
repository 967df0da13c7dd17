using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms;

namespace Distributed.Cluster.Tests;

/// <summary>A job that a cluster computes is paused and goes on, asked for at any silo.</summary>
public sealed class PauseTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pause").FullName;
    private TestCluster _cluster = null!;

    private string Output => Path.Combine(_folder, "out.safetensors");

    public async ValueTask InitializeAsync()
    {
        _cluster = new TestCluster(_folder, null);
        await _cluster.StartAsync(2);
        await _cluster.AgreeOnAsync(2);
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_paused_job_goes_on_from_there_and_gives_the_same_bytes()
    {
        TestJob job = await TestJob.LastingAsync(_folder, seconds: 3);
        (Guid id, JobView running, JobView paused) = await PauseAsync(job);
        Assert.True(paused.Done >= running.Done, $"{paused.Done:p0} of the paused job are done, and {running.Done:p0} were before.");
        Assert.DoesNotContain(Directory.GetFiles(_folder), path => path.EndsWith(".partial", StringComparison.Ordinal));

        await AskAsync(_cluster.Silos[0], id, "resume");
        JobView went = await _cluster.WhenAsync(id, view => view.State is "running" or "finished" or "failed", "the job to go on");
        Assert.True(went.State == "finished" || went.Done == 0 || went.Done >= paused.Done / 2, $"The job went on at {went.Done:p0} and was paused at {paused.Done:p0}.");
        await _cluster.EndedAsync(id);
        job.Check(Output, "paused and resumed");
    }

    /// <summary>Memories that were given stay; all blocks are begun, and those that were not finished are computed again.</summary>
    [Fact]
    public async Task A_paused_job_whose_memory_goes_through_the_keys_gives_the_same_bytes()
    {
        TestJob job = await TestJob.LastingAsync(_folder, seconds: 2, new AttentionOptions
        {
            Mechanism = new Mechanism { Kind = MechanismKind.Linear },
            Causal = CausalAlignment.TopLeft,
            Dilation = 2,
        });
        (Guid id, _, _) = await PauseAsync(job);
        await AskAsync(_cluster.Silos[0], id, "resume");
        await _cluster.EndedAsync(id);
        job.Check(Output, "paused and resumed");
    }

    /// <summary>Submits a job and pauses it when a tenth of it is done.</summary>
    private async Task<(Guid Id, JobView Running, JobView Paused)> PauseAsync(TestJob job)
    {
        Guid id = await _cluster.SubmitAsync(job.To(Output));
        JobView running = await _cluster.WhenAsync(id, view => view.Done >= 0.1 || view.Ended, "a tenth of the job to be done");
        Assert.Equal("running", running.State);
        await AskAsync(_cluster.Silos[1], id, "pause");
        JobView paused = await _cluster.WhenAsync(id, view => view.State is "paused" or "finished" or "failed", "the job to be paused");
        Assert.True(paused.State == "paused", $"The job is {paused.State}: {paused.Error}\n{_cluster.Said()}");
        Assert.False(File.Exists(Output));
        return (id, running, paused);
    }

    private static async Task AskAsync(SiloProcess silo, Guid job, string what)
    {
        using HttpResponseMessage answer = await silo.Http.PostAsync($"v1/jobs/{job}/{what}", null);
        Assert.True(answer.IsSuccessStatusCode, $"The job was not {what}d: {await answer.Content.ReadAsStringAsync()}");
    }
}
