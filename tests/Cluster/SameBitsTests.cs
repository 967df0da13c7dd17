using Distributed.Engine.Jobs;
using Distributed.Kernels.Numerics;

namespace Distributed.Cluster.Tests;

/// <summary>The output is byte for byte that of one process, however many silos there are and however tiles travel.</summary>
public sealed class SameBitsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("same-bits").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(1, "tcp")]
    [InlineData(2, "tcp")]
    [InlineData(3, "tcp")]
    [InlineData(5, "tcp")]
    [InlineData(1, "in-band")]
    [InlineData(2, "in-band")]
    [InlineData(3, "in-band")]
    [InlineData(5, "in-band")]
    public async Task Silos_and_transports_change_no_bit(int silos, string transport)
    {
        TestJob[] jobs = await JobsAsync();
        await using var cluster = new TestCluster(_folder, null, ("transport", transport));
        await cluster.StartAsync(silos);
        await cluster.AgreeOnAsync(silos);
        var worked = new HashSet<string>();
        foreach (TestJob job in jobs)
        {
            string output = Path.Combine(_folder, $"{job.Name}.{silos}.{transport}.safetensors");

            JobView ended = await cluster.EndedAsync(await cluster.SubmitAsync(job.To(output)));

            job.Check(output, $"{job.Name} on {silos} silos over {transport}");
            Assert.Equal(0, ended.AttemptsLost);
            Assert.Equal(1, ended.Done);
            worked.UnionWith(ended.Silos.Where(silo => silo.Finished > 0).Select(silo => silo.Silo));
        }
        Assert.True(worked.Count == silos, $"Only {worked.Count} of {silos} silos computed anything.");
        Assert.Empty(Directory.GetFiles(_folder, "*.partial"));
    }

    /// <summary>Jobs that have every option of a specification at least once.</summary>
    private Task<TestJob[]> JobsAsync() => Task.WhenAll(
        TestJob.CreateAsync(_folder, "full", new AttentionShape(1, 2, 2, 1500, 1500, 40, 24), new AttentionOptions { SpanRows = 64 }),
        TestJob.CreateAsync(
            _folder, "causal", new AttentionShape(2, 4, 2, 900, 900, 32, 32),
            new AttentionOptions { SpanRows = 32, Causal = CausalAlignment.BottomRight, Scale = 0.2 }, ElementType.BF16),
        TestJob.CreateAsync(
            _folder, "window", new AttentionShape(1, 3, 1, 1000, 1300, 16, 48),
            new AttentionOptions { SpanRows = 50, Causal = CausalAlignment.At(100), Window = new SlidingWindow(300, -1), Blocks = 40 },
            ElementType.F16, HeadLayout.Bshd, ElementType.F16),
        TestJob.CreateAsync(
            _folder, "excluded", new AttentionShape(1, 1, 1, 700, 300, 8, 8),
            new AttentionOptions { SpanRows = 32, ExcludedBand = 3, Window = new SlidingWindow(20, 90) }, outputType: ElementType.BF16));
}
