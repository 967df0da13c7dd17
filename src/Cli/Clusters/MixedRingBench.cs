using System.Diagnostics;
using Distributed.Client;
using Distributed.Engine;
using Distributed.Engine.FileJobs;
using Distributed.Engine.Jobs;

namespace Distributed.Cli.Clusters;

/// <summary>
/// What a ring of unlike devices gets out of them: one job on a silo of each device by itself, then on all of them together,
/// twice. Each cluster runs a shorter job first: a silo has compiled its code by then.
/// </summary>
/// <param name="wanted">The job and the devices.</param>
internal sealed class MixedRingBench(MixedRingOptions wanted)
{
    private const int WarmingShare = 4;

    /// <summary>Runs all and reports each run as it ends.</summary>
    /// <exception cref="InputException">There is no silo in this build, a port is taken, or a device cannot be had.</exception>
    public async Task<MixedRingResult> RunAsync(Action<string, double> report, CancellationToken cancellation)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("attend-bench-");
        try
        {
            var options = new AttentionOptions { Causal = CausalAlignment.TopLeft, Window = wanted.Window is { } window ? new SlidingWindow(window, 0) : null };
            if (wanted.Full)
                options = new AttentionOptions();
            FileJobSpecification job = BenchJob.Create(folder.FullName, wanted.Rows, wanted.Heads, wanted.Dim, options, cancellation);
            FileJobSpecification warming = BenchJob.Create(
                folder.CreateSubdirectory("warming").FullName, Math.Max(1024, wanted.Rows / WarmingShare), wanted.Heads, wanted.Dim, options, cancellation);
            var alone = new List<double>();
            for (int i = 0; i < wanted.Devices.Count; i++)
            {
                Run run = (await RunAsync(folder.FullName, $"alone-{i}", [i], 1, warming, job, cancellation))[0];
                alone.Add(run.Seconds);
                report($"{wanted.Devices[i]} alone", run.Seconds);
            }
            IReadOnlyList<Run> together = await RunAsync(
                folder.FullName, "together", [.. Enumerable.Range(0, wanted.Devices.Count)], 2, warming, job, cancellation);
            foreach (Run run in together)
                report("together", run.Seconds);
            return new MixedRingResult(
                wanted.Devices, alone, [.. together.Select(run => run.Seconds)],
                [.. together[0].Status.Silos.OrderBy(silo => silo.Silo, StringComparer.Ordinal).Select(silo => silo.Finished)],
                [.. together[0].Status.Silos.OrderBy(silo => silo.Silo, StringComparer.Ordinal).Select(silo => silo.LastFinished)],
                BenchJob.AreAlike(together[0].Output, together[1].Output),
                Enumerable.Range(0, wanted.Devices.Count).Max(i => BenchJob.Difference(BenchJob.OutputOf(job, $"alone-{i}.0"), together[0].Output)));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private async Task<IReadOnlyList<Run>> RunAsync(
        string folder, string name, int[] silos, int times, FileJobSpecification warming, FileJobSpecification job, CancellationToken cancellation)
    {
        var options = new LocalClusterOptions(silos.Length, wanted.Threads, Path.Combine(folder, $"data-{name}"), folder, wanted.Port, null, "bench")
        {
            Devices = [.. silos.Select(silo => wanted.Devices[silo])],
            Processors = wanted.Pinned ? [.. silos.Select(silo => silo % Environment.ProcessorCount)] : null,
        };
        await using LocalCluster cluster = await LocalCluster.StartAsync(options, cancellation);
        Uri[] addresses = [.. cluster.Silos.Select(silo => silo.Address)];
        await ClusterRun.RunAsync(warming with { Output = BenchJob.OutputOf(warming, name) }, addresses, null, cancellation);
        var runs = new List<Run>();
        for (int time = 0; time < times; time++)
        {
            FileJobSpecification there = job with { Output = BenchJob.OutputOf(job, $"{name}.{time}") };
            long began = Stopwatch.GetTimestamp();
            JobStatus status = await ClusterRun.RunAsync(there, addresses, null, cancellation);
            runs.Add(new Run(Stopwatch.GetElapsedTime(began).TotalSeconds, there.Output, status));
        }
        return runs;
    }

    private sealed record Run(double Seconds, string Output, JobStatus Status);
}

/// <summary>What to measure.</summary>
/// <param name="Devices">The device of each silo.</param>
/// <param name="Threads">Compute threads of each silo.</param>
/// <param name="Pinned">Whether each silo has one processor, of its own as far as there are enough.</param>
/// <param name="Rows">Rows.</param>
/// <param name="Heads">Heads.</param>
/// <param name="Dim">Head size.</param>
/// <param name="Full">Whether every query sees every key; else attention is causal.</param>
/// <param name="Window">Keys before a query that it sees; null = all.</param>
/// <param name="Port">HTTP port of the first silo.</param>
internal sealed record MixedRingOptions(
    IReadOnlyList<string> Devices, int Threads, bool Pinned, long Rows, int Heads, int Dim, bool Full, int? Window, int Port);

/// <summary>What was measured.</summary>
/// <param name="Devices">The device of each silo.</param>
/// <param name="Alone">Seconds of each by itself.</param>
/// <param name="Together">Seconds of all of them together, of each run.</param>
/// <param name="Blocks">Blocks that each silo finished in the first of these runs, in the order of the silos' names.</param>
/// <param name="LastFinished">When each silo had finished its last block.</param>
/// <param name="SameBits">Whether the runs together gave the same bits.</param>
/// <param name="Difference">Largest difference from the output of a silo by itself, relative to the largest number.</param>
internal sealed record MixedRingResult(
    IReadOnlyList<string> Devices, IReadOnlyList<double> Alone, IReadOnlyList<double> Together, IReadOnlyList<int> Blocks,
    IReadOnlyList<double> LastFinished, bool SameBits, double Difference)
{
    /// <summary>Seconds by the sum of the rates.</summary>
    public double Ideal => 1 / Alone.Sum(seconds => 1 / seconds);

    /// <summary>The rate together as a share of the sum of the rates.</summary>
    public double Share => Ideal / Together.Average();
}
