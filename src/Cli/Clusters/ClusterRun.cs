using Distributed.Client;
using Distributed.Engine;
using Distributed.Engine.FileJobs;
using Distributed.Engine.FileJobs.Specification;
using Distributed.Engine.Jobs;

namespace Distributed.Cli.Clusters;

/// <summary>Runs a job over tensor files on a cluster that sees the same files.</summary>
internal static class ClusterRun
{
    private static readonly TimeSpan CancelsWithin = TimeSpan.FromSeconds(10);

    /// <summary>Reads addresses separated by commas.</summary>
    /// <exception cref="InputException">One is no HTTP address.</exception>
    public static IReadOnlyList<Uri> Addresses(string text) =>
    [
        .. text.Split(',').Select(part => Uri.TryCreate(part.Trim(), UriKind.Absolute, out Uri? address)
            && address.Scheme is "http" or "https"
            ? address
            : throw new InputException($"Cluster '{part}' is no address; http://HOST:PORT is expected, several with commas between.")),
    ];

    /// <summary>Hands in the job, follows it to its end, and cancels it when the user does.</summary>
    /// <exception cref="InputException">The cluster refuses the job, or the input is to blame for its failure.</exception>
    /// <exception cref="IOException">The job failed, or no silo answers.</exception>
    public static async Task<JobStatus> RunAsync(
        FileJobSpecification job, IReadOnlyList<Uri> silos, IProgress<JobProgress>? progress, CancellationToken cancellation)
    {
        job.Validate();
        using var client = new SiloClient(silos);
        try
        {
            Guid id = (await client.SubmitAsync(SpecificationDocument.Write(WithFullPaths(job)), null, cancellation)).Id;
            try
            {
                return await FollowAsync(client, id, progress, cancellation);
            }
            catch (OperationCanceledException)
            {
                using var late = new CancellationTokenSource(CancelsWithin);
                await client.CancelAsync(id, late.Token);
                throw;
            }
        }
        catch (SiloException error)
        {
            throw error.IsInputError ? new InputException(error.Message, error) : new IOException(error.Message, error);
        }
    }

    private static async Task<JobStatus> FollowAsync(
        SiloClient client, Guid id, IProgress<JobProgress>? progress, CancellationToken cancellation)
    {
        JobStatus? last = null;
        await foreach (JobStatus status in client.WatchAsync(id, cancellation))
        {
            progress?.Report(new JobProgress(status.Done, status.Flops));
            last = status;
        }
        return last switch
        {
            { State: "finished" } => last,
            { Error: { } why, IsInputError: true } => throw new InputException(why),
            { Error: { } why } => throw new IOException(why),
            _ => throw new IOException($"Job {id} was {last?.State ?? "lost"} on the cluster."),
        };
    }

    private static FileJobSpecification WithFullPaths(FileJobSpecification job) => job with
    {
        Inputs = job.Inputs.Select(Path.GetFullPath),
        Output = Path.GetFullPath(job.Output),
    };
}
