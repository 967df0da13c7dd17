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
        Assert.True(worked.Count > silos / 2, $"Only {worked.Count} of {silos} silos computed anything.");
        Assert.Empty(Directory.GetFiles(_folder, "*.partial"));
    }

    /// <summary>Jobs that have every option of a specification at least once, on heads small enough to be quick.</summary>
    private Task<TestJob[]> JobsAsync() => Task.WhenAll(
        TestJob.CreateAsync(_folder, "full", new AttentionShape(1, 1, 1, 7500, 7500, 8, 12), new AttentionOptions()),
        TestJob.CreateAsync(
            _folder, "causal", new AttentionShape(2, 2, 1, 6100, 5000, 8, 8),
            new AttentionOptions { Causal = CausalAlignment.BottomRight, Scale = 0.2 }, ElementType.BF16),
        TestJob.CreateAsync(
            _folder, "window", new AttentionShape(1, 2, 2, 7000, 8300, 8, 8),
            new AttentionOptions { Causal = CausalAlignment.At(100), Window = new SlidingWindow(3000, -1), GlobalKeys = 5, Blocks = 40 },
            ElementType.F16, HeadLayout.Bshd, ElementType.F16),
        TestJob.CreateAsync(
            _folder, "excluded", new AttentionShape(1, 1, 1, 5200, 5200, 8, 8),
            new AttentionOptions { ExcludedBand = 3, Dilation = 2, ValidKeys = [5000] }, outputType: ElementType.BF16));
}
