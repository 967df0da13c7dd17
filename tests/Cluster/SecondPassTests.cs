using Distributed.Engine.Analytics;
using Distributed.Engine.Jobs;

namespace Distributed.Cluster.Tests;

/// <summary>The second pass over the weights is shared by the silos, and survives what the first one survives.</summary>
public sealed class SecondPassTests : IDisposable
{
    private const int Silos = 3;

    // Of such a job the second pass is a third.
    private const double FirstPass = 2 / 3.0;

    private static readonly AnalyticsOptions Asked = new() { Received = true, Links = 3, Strongest = 20, Pooled = 64, Distances = true };

    private readonly string _folder = Directory.CreateTempSubdirectory("second").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task It_is_shared_paused_and_goes_on_without_a_silo_that_was_killed()
    {
        using PostgresServer postgres = PostgresServer.StartOrSkip();
        double seconds = 3;
        while (await HitAsync(postgres, await TestJob.LastingAsync(_folder, seconds, new AttentionOptions { Causal = CausalAlignment.TopLeft }, Asked)) is { } missed)
            Assert.True((seconds *= 2) < 50, $"No job is long enough to be hit in its second pass: {missed}");
    }

    /// <returns>Why the job could not be hit in its second pass; null = it was.</returns>
    private async Task<string?> HitAsync(PostgresServer postgres, TestJob job)
    {
        await using var cluster = new TestCluster(_folder, postgres);
        await cluster.StartAsync(Silos);
        await cluster.AgreeOnAsync(Silos);
        string output = Path.Combine(_folder, $"{Guid.NewGuid():n}.safetensors");
        Guid id = await cluster.SubmitAsync(job.To(output));
        JobView shared = await cluster.WhenAsync(
            id, view => view.Ended || AllInSecondPass(view),
            "all silos to be at work on the second pass");
        if (shared.Ended)
            return $"It had ended before it was paused: {shared}";
        using (HttpResponseMessage answer = await cluster.Silos[1].Http.PostAsync($"v1/jobs/{id}/pause", null))
            Assert.True(answer.IsSuccessStatusCode, $"The job was not paused: {await answer.Content.ReadAsStringAsync()}");
        JobView paused = await cluster.WhenAsync(id, view => view.State is "paused" or "finished" or "failed", "the job to be paused");
        if (paused.State == "finished")
            return $"It had ended before it was paused: {paused}";
        Assert.True(paused.State == "paused", $"The job is {paused.State}: {paused.Error}\n{cluster.Said()}");
        Assert.False(File.Exists(output));

        using (HttpResponseMessage answer = await cluster.Silos[0].Http.PostAsync($"v1/jobs/{id}/resume", null))
            Assert.True(answer.IsSuccessStatusCode, $"The job was not resumed: {await answer.Content.ReadAsStringAsync()}");
        JobView again = await cluster.WhenAsync(
            id, view => view.State is "finished" or "failed" || (view.State == "running" && AllInSecondPass(view)),
            "the second pass to go on");
        if (again.Ended)
            return $"It had ended before a silo was killed: {again}";
        cluster.Silos[2].Kill();
        // Whether the loss is noticed by a call that fails or by the membership depends on the moment.
        JobView then = await cluster.WhenAsync(id, _ => true, "a sign of the job behind the kill");
        await cluster.EndedAsync(id);
        job.Check(output, "shared, paused, resumed and one silo killed");
        return then.Ended ? $"It had ended when a silo was killed: {then}" : null;
    }

    private static bool AllInSecondPass(JobView view) => view.Done > FirstPass && view.Silos.Count(silo => silo.Running > 0) == Silos;
}
