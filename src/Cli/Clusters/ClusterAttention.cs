using Distributed.Client;
using Distributed.Engine.FileJobs;
using Distributed.Engine.Jobs;

namespace Distributed.Cli.Clusters;

/// <summary>Runs attention over tensors in memory on a cluster, through files in a folder that the silos see too.</summary>
/// <param name="silos">The silos to ask.</param>
/// <param name="folder">The folder; what is put there is gone afterwards.</param>
internal sealed class ClusterAttention(IReadOnlyList<Uri> silos, string folder) : IAttentionRunner
{
    /// <inheritdoc/>
    public async Task<JobReport> RunAsync(
        AttentionInput input, AttentionOptions options, IAttentionSink sink, IProgress<JobProgress>? progress,
        CancellationToken cancellation)
    {
        string passing = Path.Combine(folder, $"cluster-{Guid.NewGuid():n}");
        var passed = new PassedAttention(passing, input, options);
        Directory.CreateDirectory(passing);
        try
        {
            passed.WriteInput(passed.InputPath, cancellation);
            JobStatus done = await ClusterRun.RunAsync(passed.Job, silos, progress, cancellation);
            passed.ReadOutput(sink, cancellation);
            return passed.Report(done.Blocks, $"{done.Silos.Count} silos", done.PairsSeen, TimeSpan.FromSeconds(done.Seconds));
        }
        finally
        {
            Directory.Delete(passing, recursive: true);
        }
    }
}
