using Distributed.Cluster.Tests.Options;
using Distributed.Engine.Jobs;
using Distributed.Grains.Tests.Tiles;

namespace Distributed.Cluster.Tests;

/// <summary>Silos that encrypt all that passes between them, and turn away who has no certificate of theirs.</summary>
public sealed class TlsTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _folder = Directory.CreateTempSubdirectory("tls").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("tcp")]
    [InlineData("in-band")]
    public async Task A_job_runs_encrypted_and_a_silo_with_a_certificate_of_another_authority_is_refused(string transport)
    {
        using var ours = new TestAuthority(_folder, "ours");
        using var theirs = new TestAuthority(_folder, "theirs");
        TestJob job = await TestJob.CreateAsync(
            _folder, "job", new OptionJob("job") { Shape = new AttentionShape(1, 2, 1, 9000, 9000, 16, 16), Options = new() { Causal = CausalAlignment.TopLeft } });
        await using var cluster = new TestCluster(_folder, null, [("transport", transport), .. Settings(ours, "silo")]);
        await cluster.StartAsync(2);
        await cluster.AgreeOnAsync(2);
        string output = Path.Combine(_folder, "out.safetensors");

        JobView ended = await cluster.EndedAsync(await cluster.SubmitAsync(job.To(output)));
        job.Check(output, $"encrypted, {transport}");
        Assert.All(ended.Silos, silo => Assert.True(silo.Finished > 0, $"{silo.Silo} computed nothing, so that no tile had to pass."));

        await using SiloProcess stranger = cluster.Begin(Settings(theirs, "stranger"));
        await Until.FoundAsync(
            () => Task.FromResult(cluster.Said().Contains("A certificate was refused: CN=", StringComparison.Ordinal) || !stranger.Alive ? "" : null),
            Patience, () => $"the stranger to be refused.\n{cluster.Said()}\n--- the stranger:\n{stranger.Output}");
        await cluster.AgreeOnAsync(2);
        Assert.DoesNotContain("A tile stream from", cluster.Said(), StringComparison.Ordinal);
    }

    private static (string, string)[] Settings(TestAuthority authority, string silo)
    {
        (string certificate, string key) = authority.Sign(silo);
        return [("cluster-certificate", certificate), ("cluster-key", key), ("cluster-authority", authority.Path)];
    }
}
