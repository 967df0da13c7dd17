using Distributed.Engine.Jobs;
using Distributed.Kernels.Numerics;
using Distributed.Simulator.Model;
using Distributed.Simulator.Ring;
using Distributed.Simulator.Runs;

namespace Distributed.Simulator.Validation;

/// <summary>Runs jobs on real silos of this machine and on simulated ones, and compares the times.</summary>
/// <param name="real">Runs the real ones.</param>
/// <param name="heads">Heads.</param>
/// <param name="dim">Elements of a head.</param>
/// <param name="rows">Rows of the jobs.</param>
internal sealed class Comparison(RealRun real, int heads, int dim, long rows)
{
    /// <summary>The largest difference that is taken, as a share of the real time.</summary>
    public const double Taken = 0.10;

    /// <summary>Rows of a job that is over at once: what is left of its time is handing it in and out.</summary>
    private const long HardlyAnyRows = 1024;

    /// <summary>Runs and compares all of them.</summary>
    /// <returns>Whether every difference is within <see cref="Taken"/>.</returns>
    public async Task<bool> RunAsync(IReadOnlyList<int> silos, IReadOnlyList<bool> causal, int rounds)
    {
        int cores = Environment.ProcessorCount;
        (double link, double byteTime, TimeSpan latency) = await MachineMeasure.LinkAsync();
        double disk = MachineMeasure.DiskBytesPerSecond();
        Console.WriteLine($"link {Say.Bytes(link)}/s, {byteTime * 1e9:f2} s of a processor at each end for 1 GB, message {latency.TotalMicroseconds:f0} µs, disk {Say.Bytes(disk)}/s, {cores} cores\n");
        var table = new MarkdownTable("silos", "mask", "pairs/s of a silo", "partial factor", "handing in and out", "real", "simulated", "difference");
        bool all = true;
        foreach (int count in silos)
        {
            // With a core for each silo's compute thread and more, the others see to the streams; with fewer than silos, a silo has a share of one.
            double taken = count < cores ? 0 : byteTime * count / cores;
            Speed speed = await MachineMeasure.SpeedAsync(count, heads, dim, rows / 2);
            double handing = await real.SecondsAsync(count, HardlyAnyRows, causal: false, rounds: 1);
            foreach (bool isCausal in causal)
            {
                double seconds = await real.SecondsAsync(count, rows, isCausal, rounds);
                double simulated = handing + Simulate(count, speed, link, taken, latency, disk, isCausal).TotalSeconds;
                double difference = simulated / seconds - 1;
                all &= Math.Abs(difference) <= Taken;
                Console.Error.WriteLine(
                    $"{count} silos, {(isCausal ? "causal" : "full")}: {seconds:f2} s, simulated {simulated:f2} s with {handing:f2} s for handing in and out " +
                    $"and {speed.PairsPerSecond:g4} pairs/s of a silo, factor {speed.PartialFactor:f2}");
                table.Add(
                    $"{count}", isCausal ? "causal" : "full", $"{speed.PairsPerSecond:g4}", $"{speed.PartialFactor:f2}", $"{handing:f2} s",
                    $"{seconds:f2} s", $"{simulated:f2} s", $"{difference:+0.0%;-0.0%}");
            }
        }
        Console.WriteLine(table);
        return all;
    }

    private TimeSpan Simulate(int silos, Speed speed, double link, double byteTime, TimeSpan latency, double disk, bool causal)
    {
        var job = new JobModel(
            new AttentionShape(1, heads, heads, rows, rows, dim, dim),
            new AttentionOptions { Causal = causal ? CausalAlignment.TopLeft : null }, ElementType.F32);
        return ClusterSimulation.Run(
            new ClusterModel
            {
                Silos = silos,
                Speed = speed,
                LinkBytesPerSecond = link,
                SecondsPerByte = byteTime,
                Latency = latency,
                StoreBytesPerSecond = disk / silos, // All of them write to one disk.
            }, job).Took;
    }
}
