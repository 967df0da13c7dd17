using System.CommandLine;
using Distributed.Engine.Plan;
using Distributed.Simulator.Model;
using Distributed.Simulator.Ring;

namespace Distributed.Simulator.Commands;

/// <summary><c>line</c>: one job on one cluster.</summary>
internal static class LineCommand
{
    private static readonly ClusterOptions Model = new();
    private static readonly Option<int> Silos = ClusterOptions.Whole("--silos", 8, "Silos.");
    private static readonly Option<double> Tokens = ClusterOptions.Number("--tokens", 1e6, "Rows of the sequence, such as 1e6.");
    private static readonly Option<int?> Blocks = new("--blocks") { Description = "Blocks to cut it into. [default: as a cluster does]" };
    private static readonly Option<double> Spread = new("--spread")
    {
        Description = "Each silo is slower than the model by a share between 0 and this, drawn by the seed.",
    };

    private static readonly Option<int> Seed = new("--seed") { Description = "Seed of the spread." };
    private static readonly Option<int?> Dies = new("--dies") { Description = "Number of a silo that dies, from 0 on." };
    private static readonly Option<double> DiesAt = ClusterOptions.Number("--dies-at", 1, "When it does: seconds.");
    private static readonly Option<string> Mask = new Option<string>("--mask")
    {
        Description = "Who sees whom.",
        DefaultValueFactory = _ => "full",
    }.AcceptOnlyFromAmong([.. ClusterOptions.Masks]);

    public static Command Create()
    {
        var command = new Command("line", "One job on one cluster.") { Silos, Tokens, Mask, Blocks, Spread, Seed, Dies, DiesAt };
        Model.AddTo(command);
        command.SetAction(parsed => Run(parsed));
        return command;
    }

    private static void Run(ParseResult parsed)
    {
        int silos = parsed.GetValue(Silos);
        double spread = parsed.GetValue(Spread);
        ClusterModel cluster = Model.Cluster(parsed, silos) with
        {
            Factors = spread > 0 ? Stragglers.Draw(silos, spread, parsed.GetValue(Seed)) : null,
            Deaths = parsed.GetValue(Dies) is { } dies ? [new Death(dies, TimeSpan.FromSeconds(parsed.GetValue(DiesAt)))] : [],
        };
        JobModel job = Model.Job(parsed, (long)parsed.GetValue(Tokens), parsed.GetRequiredValue(Mask));
        JobPlan plan = job.Plan(cluster, parsed.GetValue(Blocks));
        SimulationResult result = ClusterSimulation.Run(cluster, job, plan);
        Console.WriteLine($"model       {Model.Describe(parsed)}");
        Console.WriteLine($"blocks      {result.Blocks}");
        Console.WriteLine($"time        {result.Took.TotalSeconds:g6} s");
        Console.WriteLine($"efficiency  {result.Efficiency:p1}");
        Console.WriteLine($"waiting     {result.Waiting:p2} of the blocks' time for tiles");
        Console.WriteLine($"link        {result.BytesIn.Max() / 1e9:g4} GB into the silo that gets most, {result.BytesOut.Max() / 1e9:g4} GB out of the one that gives most");
        Console.WriteLine($"tiles       {Share(result.Traffic.Sum(of => of.NeighbourBytes), result)} from neighbours, {Share(result.Traffic.Sum(of => of.OwnerBytes), result)} from owners, {Share(result.Traffic.Sum(of => of.StoreBytes), result)} from the store");
        Console.WriteLine($"memory      {result.Memory / 1e9:g4} GB in the silo that takes most, {result.TileBytes / 1e9:g4} GB of it tiles");
        Console.WriteLine($"lost        {result.CostLost / result.Cost:p3} of the work was done again");
    }

    private static string Share(long bytes, SimulationResult result)
    {
        double all = result.Traffic.Sum(of => (double)of.NeighbourBytes + of.OwnerBytes + of.StoreBytes);
        return $"{(all == 0 ? 0 : bytes / all):p0}";
    }
}
