using System.Text.Json;
using Distributed.Cli.Clusters;
using Distributed.Client;

namespace Distributed.Cli.Output;

/// <summary>One run in one process and one on the cluster.</summary>
/// <param name="Alone">Seconds of the one process.</param>
/// <param name="Together">Seconds of the cluster.</param>
/// <param name="Status">How the cluster's job ended.</param>
internal sealed record ClusterBenchRound(double Alone, double Together, JobStatus Status)
{
    /// <summary>The cluster's speed as a share of the one process's.</summary>
    public double Speed => Alone / Together;

    /// <summary>Largest share of its time that a silo's blocks waited for tiles.</summary>
    public double Waiting => Status.Silos.Max(silo => silo.Waiting);

    /// <summary>How much earlier the first silo was done than the last one, as a share of the time.</summary>
    public double Apart => 1 - Status.Silos.Min(silo => silo.LastFinished) / Status.Silos.Max(silo => silo.LastFinished);
}

/// <summary>What <c>attend cluster bench</c> prints.</summary>
internal static class ClusterBenchReport
{
    private static readonly JsonSerializerOptions Indented = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>What is measured.</summary>
    public static void WriteHeading(TextWriter to, ClusterBenchOptions wanted)
    {
        to.WriteLine(
            $"{(wanted.Causal ? "causal" : "full")}, S = {wanted.Rows}, {wanted.Heads} heads, D = {wanted.Dim}, F32: "
            + $"one process of {wanted.Silos} threads, {wanted.Silos} silos of 1 thread"
            + (wanted.LastSiloShare is { } share ? $", the last of them with {share:0.##} of a processor" : ""));
        to.WriteLine($"{"one process",12}{"silos",10}{"speed",10}{"waiting",10}{"done apart",12}");
    }

    /// <summary>A round.</summary>
    public static void WriteRound(TextWriter to, ClusterBenchRound round) => to.WriteLine(
        $"{round.Alone,10:f2} s{round.Together,8:f2} s{round.Speed,10:p1}{round.Waiting,10:p2}{round.Apart,12:p1}");

    /// <summary>The medians.</summary>
    public static void WriteSummary(TextWriter to, IReadOnlyList<ClusterBenchRound> rounds) => to.WriteLine(
        $"median speed {Median(rounds, round => round.Speed):p1} of one process; waiting for tiles {Median(rounds, round => round.Waiting):p2}; silos done {Median(rounds, round => round.Apart):p1} of the time apart");

    /// <summary>All of it, as one JSON object.</summary>
    public static void WriteJson(TextWriter to, ClusterBenchOptions wanted, IReadOnlyList<ClusterBenchRound> rounds) => to.WriteLine(
        JsonSerializer.Serialize(
            new
            {
                wanted.Silos,
                wanted.Rows,
                wanted.Heads,
                wanted.Dim,
                wanted.Causal,
                wanted.LastSiloShare,
                medianSpeed = Median(rounds, round => round.Speed),
                medianWaiting = Median(rounds, round => round.Waiting),
                medianApart = Median(rounds, round => round.Apart),
                rounds = rounds.Select(round => new { round.Alone, round.Together, round.Speed, round.Waiting, round.Apart }),
            }, Indented));

    private static double Median(IReadOnlyList<ClusterBenchRound> rounds, Func<ClusterBenchRound, double> of) =>
        rounds.Select(of).Order().ElementAt(rounds.Count / 2);
}
