using System.Diagnostics;
using Distributed.Cli.Output;
using Distributed.Client;
using Distributed.Engine;
using Distributed.Engine.FileJobs;
using Distributed.Engine.Jobs;

namespace Distributed.Cli.Clusters;

/// <summary>
/// What distribution costs: the same job in one process of N threads and on N silos of one thread, in turn, each with its
/// files, from reading the input to the finished output. Both run it twice, and the second time counts: a silo has compiled
/// its code by then, and a service is started once.
/// </summary>
/// <param name="wanted">The job and the cluster.</param>
internal sealed class ClusterBench(ClusterBenchOptions wanted)
{
    /// <summary>Runs both, some rounds, and reports each run as it ends.</summary>
    /// <exception cref="InputException">There is no silo in this build, or a port is taken.</exception>
    /// <exception cref="IOException">The outputs differ.</exception>
    public async Task<IReadOnlyList<ClusterBenchRound>> RunAsync(Action<ClusterBenchRound> report, CancellationToken cancellation)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("attend-bench-");
        try
        {
            FileJobSpecification job = BenchJob.Create(
                folder.FullName, wanted.Rows, wanted.Heads, wanted.Dim,
                new AttentionOptions { Causal = wanted.Causal ? CausalAlignment.TopLeft : null }, cancellation);
            var rounds = new List<ClusterBenchRound>();
            for (int round = 0; round < wanted.Rounds; round++)
            {
                TimeSpan alone = await AloneAsync(job, cancellation);
                (TimeSpan together, JobStatus status) = await TogetherAsync(folder.FullName, job, cancellation);
                if (round == 0)
                    BenchJob.RefuseDifference(BenchJob.OutputOf(job, "alone"), BenchJob.OutputOf(job, "together"));
                rounds.Add(new ClusterBenchRound(alone.TotalSeconds, together.TotalSeconds, status));
                report(rounds[^1]);
            }
            return rounds;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private async Task<TimeSpan> AloneAsync(FileJobSpecification job, CancellationToken cancellation)
    {
        FileJobSpecification here = job with { Output = BenchJob.OutputOf(job, "alone"), Options = job.Options with { Threads = wanted.Silos } };
        await FileJob.RunAsync(here, null, cancellation);
        long began = Stopwatch.GetTimestamp();
        await FileJob.RunAsync(here, null, cancellation);
        return Stopwatch.GetElapsedTime(began);
    }

    private async Task<(TimeSpan, JobStatus)> TogetherAsync(
        string folder, FileJobSpecification job, CancellationToken cancellation)
    {
        var options = new LocalClusterOptions(wanted.Silos, 1, Path.Combine(folder, "data"), folder, wanted.Port, null, "bench")
        {
            LastSiloShare = wanted.LastSiloShare,
        };
        await using LocalCluster cluster = await LocalCluster.StartAsync(options, cancellation);
        Uri[] silos = [.. cluster.Silos.Select(silo => silo.Address)];
        FileJobSpecification there = job with { Output = BenchJob.OutputOf(job, "together") };
        await ClusterRun.RunAsync(there, silos, null, cancellation);
        long began = Stopwatch.GetTimestamp();
        JobStatus status = await ClusterRun.RunAsync(there, silos, null, cancellation);
        return (Stopwatch.GetElapsedTime(began), status);
    }
}

/// <summary>What to measure.</summary>
/// <param name="Silos">Silos of one thread each, and threads of the one process.</param>
/// <param name="Rows">Rows of queries and keys.</param>
/// <param name="Heads">Heads.</param>
/// <param name="Dim">Head size.</param>
/// <param name="Causal">Whether attention is causal.</param>
/// <param name="Rounds">How often.</param>
/// <param name="Port">HTTP port of the first silo.</param>
/// <param name="LastSiloShare">Share of a processor that the last silo gets at most; null = as much as it finds.</param>
internal sealed record ClusterBenchOptions(
    int Silos, long Rows, int Heads, int Dim, bool Causal, int Rounds, int Port, double? LastSiloShare);
