using Distributed.Engine.Timelines;
using Distributed.Silo.Embedded;
using Distributed.Silo.Jobs;

namespace Distributed.Silo.Cluster.Queue;

/// <summary>
/// A job over a text on a cluster: its attention is computed by all silos, and kept when the job is stopped or the silo that
/// has the queue is lost; the rest, which is short, is done by that silo and begins anew.
/// </summary>
internal sealed class ClusterDocumentRun : IJobRun
{
    private readonly ClusterAttention _attention;
    private readonly DocumentRun _text;

    /// <summary>Begins it.</summary>
    /// <param name="job">The job.</param>
    /// <param name="results">Where its files go.</param>
    /// <param name="work">Where what passes between it and the silos lies until the job ends.</param>
    /// <param name="threads">Compute threads of this silo.</param>
    /// <param name="follow">Begins the attention on the cluster, or goes on with it, by its specification.</param>
    public ClusterDocumentRun(JobRecord job, string results, string work, int threads, Func<string, ClusterRun> follow)
    {
        // Files never got their names in a run that was lost with its silo.
        if (Directory.Exists(results))
        {
            foreach (string half in Directory.EnumerateFiles(results, "*.partial"))
                File.Delete(half);
        }
        _attention = new ClusterAttention(work, follow);
        _text = new DocumentRun(job, results, threads, _attention);
    }

    public Task<RunEnd> Ended => _text.Ended;

    public RunProgress Progress
    {
        get
        {
            RunProgress text = _text.Progress;
            return _attention.Progress with { Done = text.Done, Flops = text.Flops, Phase = text.Phase };
        }
    }

    public Task<JobBlocks?> BlocksAsync() => _attention.BlocksAsync();

    public void Suspend() => _text.Suspend();

    public void Cancel()
    {
        _attention.IsGivenUp = true;
        _text.Cancel();
    }
}
