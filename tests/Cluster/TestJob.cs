using Distributed.Cluster.Tests.Options;
using Distributed.Engine.Analytics;
using Distributed.Engine.FileJobs;
using Distributed.Engine.Jobs;

namespace Distributed.Cluster.Tests;

/// <summary>A job with its input on disk and the output that one process makes of it.</summary>
internal sealed class TestJob
{
    private TestJob(string name, FileJobSpecification specification, byte[] expected) =>
        (Name, Specification, Expected) = (name, specification, expected);

    public string Name { get; }

    public FileJobSpecification Specification { get; }

    /// <summary>The output file of the embedded engine, byte for byte.</summary>
    public byte[] Expected { get; }

    /// <summary>Writes random input and computes the output in this process.</summary>
    public static async Task<TestJob> CreateAsync(string folder, string name, OptionJob job)
    {
        FileJobSpecification specification = job.Specification(folder, name);
        job.WriteInput(specification);
        await FileJob.RunAsync(specification);
        return new TestJob(job.Shows, specification, await File.ReadAllBytesAsync(specification.Output));
    }

    /// <summary>A causal job that takes two threads of this machine about so long: long enough to be hit in its middle.</summary>
    public static Task<TestJob> LastingAsync(string folder, double seconds) =>
        LastingAsync(folder, seconds, new AttentionOptions { Causal = CausalAlignment.TopLeft });

    /// <summary>The same of any kind whose work grows with the square of the rows.</summary>
    /// <param name="folder">Where its files go.</param>
    /// <param name="seconds">How long, by its first pass.</param>
    /// <param name="options">What it computes.</param>
    /// <param name="analytics">What it works out of its weights in a second pass; null = nothing.</param>
    public static async Task<TestJob> LastingAsync(
        string folder, double seconds, AttentionOptions options, AnalyticsOptions? analytics = null)
    {
        const int Heads = 4, Dim = 64, TrialRows = 8192, Most = 98_304;
        AttentionShape Shape(long rows) => new(1, Heads, Heads, rows, rows, Dim, Dim);
        TestJob trial = await CreateAsync(folder, "trial", new OptionJob("trial") { Shape = Shape(TrialRows), Options = options });
        JobReport report = await FileJob.RunAsync(trial.Specification with { Options = options with { Threads = 2 } });
        long rows = Math.Clamp((long)(TrialRows * Math.Sqrt(seconds / report.Elapsed.TotalSeconds)), 2 * TrialRows, Most);
        return await CreateAsync(folder, $"lasting-{options.Mechanism.Kind}-{seconds}", new OptionJob($"lasting {seconds} s")
        {
            Shape = Shape(rows),
            Options = options,
            Says = job => job with { Analytics = analytics },
        });
    }

    /// <summary>The same job with another output.</summary>
    public FileJobSpecification To(string output) => Specification with { Output = output };

    /// <summary>Checks an output, byte for byte.</summary>
    public void Check(string output, string what)
    {
        Assert.True(File.Exists(output), $"{what}: there is no output {output}.");
        byte[] bytes = File.ReadAllBytes(output);
        int at = bytes.AsSpan().CommonPrefixLength(Expected);
        Assert.True(
            at == Expected.Length && at == bytes.Length,
            $"{what}: the output differs from that of one process from byte {at} of {Expected.Length} on.");
    }
}
