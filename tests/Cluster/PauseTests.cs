namespace Distributed.Cluster.Tests;

/// <summary>A job that a cluster computes is paused and goes on, asked for at any silo.</summary>
public sealed class PauseTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pause").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_paused_job_goes_on_from_there_and_gives_the_same_bytes()
    {
        TestJob job = await TestJob.LastingAsync(_folder, seconds: 3);
        string output = Path.Combine(_folder, "out.safetensors");
        await using var cluster = new TestCluster(_folder, null);
        await cluster.StartAsync(2);
        await cluster.AgreeOnAsync(2);
        Guid id = await cluster.SubmitAsync(job.To(output));
        JobView running = await cluster.WhenAsync(id, view => view.Done >= 0.1 || view.Ended, "a tenth of the job to be done");
        Assert.Equal("running", running.State);

        await AskAsync(cluster.Silos[1], id, "pause");
        JobView paused = await cluster.WhenAsync(id, view => view.State is "paused" or "finished" or "failed", "the job to be paused");
        Assert.True(paused.State == "paused", $"The job is {paused.State}: {paused.Error}\n{cluster.Said()}");
        Assert.True(paused.Done >= running.Done, $"{paused.Done:p0} of the paused job are done, and {running.Done:p0} were before.");
        Assert.False(File.Exists(output));
        Assert.DoesNotContain(Directory.GetFiles(_folder), path => path.EndsWith(".partial", StringComparison.Ordinal));

        await AskAsync(cluster.Silos[0], id, "resume");
        JobView went = await cluster.WhenAsync(id, view => view.State is "running" or "finished" or "failed", "the job to go on");
        Assert.True(went.State == "finished" || went.Done == 0 || went.Done >= paused.Done / 2, $"The job went on at {went.Done:p0} and was paused at {paused.Done:p0}.");
        await cluster.EndedAsync(id);
        job.Check(output, "paused and resumed");
    }

    private static async Task AskAsync(SiloProcess silo, Guid job, string what)
    {
        using HttpResponseMessage answer = await silo.Http.PostAsync($"v1/jobs/{job}/{what}", null);
        Assert.True(answer.IsSuccessStatusCode, $"The job was not {what}d: {await answer.Content.ReadAsStringAsync()}");
    }
}
