using Distributed.Cluster.Tests.Options;
using Distributed.Engine.FileJobs;

namespace Distributed.Cluster.Tests;

/// <summary>
/// The output of every option is byte for byte that of one process, however many silos there are and however tiles
/// travel; what a cluster cannot do it refuses before the start.
/// </summary>
/// <param name="prepared">The jobs.</param>
public sealed class SameBitsTests(SameBitsTests.Prepared prepared) : IClassFixture<SameBitsTests.Prepared>
{
    /// <summary>Jobs on a cluster at a time: what a user's cluster has to bear, and sooner done.</summary>
    private const int AtOnce = 6;

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
        await using var cluster = new TestCluster(prepared.Folder, null, ("transport", transport));
        await cluster.StartAsync(silos);
        await cluster.AgreeOnAsync(silos);
        var worked = new HashSet<string>();
        foreach (TestJob[] jobs in prepared.Jobs.Chunk(AtOnce))
        {
            (TestJob Job, string Output, Guid Id)[] submitted = await Task.WhenAll(jobs.Select(async job =>
            {
                string output = Path.Combine(prepared.Folder, $"{Guid.NewGuid():n}.safetensors");
                return (job, output, await cluster.SubmitAsync(job.To(output)));
            }));
            foreach ((TestJob job, string output, Guid id) in submitted)
            {
                JobView ended = await cluster.EndedAsync(id, job.Name);
                job.Check(output, $"{job.Name} on {silos} silos over {transport}");
                Assert.Equal(0, ended.AttemptsLost);
                Assert.Equal(1, ended.Done);
                worked.UnionWith(ended.Silos.Where(silo => silo.Finished > 0).Select(silo => silo.Silo));
                File.Delete(output);
            }
        }
        Assert.True(worked.Count > silos / 2, $"Only {worked.Count} of {silos} silos computed anything.");
        Assert.Empty(Directory.GetFiles(prepared.Folder, "*.partial"));
    }

    [Fact]
    public async Task What_a_cluster_cannot_do_it_refuses_before_the_start()
    {
        await using var cluster = new TestCluster(prepared.Folder, null);
        await cluster.StartAsync(1);
        TestJob job = prepared.Jobs[0];
        foreach ((string option, Func<FileJobSpecification, FileJobSpecification> ask, string says) in OptionJobs.Refused)
        {
            string output = Path.Combine(prepared.Folder, "refused.safetensors");
            string said = await cluster.RefusedAsync(ask(job.To(output)));
            Assert.True(said == says, $"{option}: the cluster said '{said}'; '{says}' is expected.");
            Assert.False(File.Exists(output));
        }
    }

    /// <summary>The jobs and what one process makes of them.</summary>
    public sealed class Prepared : IAsyncLifetime
    {
        internal string Folder { get; } = Directory.CreateTempSubdirectory("same-bits").FullName;

        internal IReadOnlyList<TestJob> Jobs { get; private set; } = [];

        public async ValueTask InitializeAsync()
        {
            var jobs = new List<TestJob>();
            foreach (OptionJob job in OptionJobs.All)
                jobs.Add(await TestJob.CreateAsync(Folder, $"job-{jobs.Count}", job));
            Jobs = jobs;
        }

        public ValueTask DisposeAsync()
        {
            Directory.Delete(Folder, recursive: true);
            return ValueTask.CompletedTask;
        }
    }
}
