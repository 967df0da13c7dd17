using System.CommandLine;
using Distributed.Simulator.Runs;

namespace Distributed.Simulator.Commands;

/// <summary><c>sizes</c>, <c>deaths</c>, <c>cuts</c>, <c>mixed</c> and <c>rule</c>: the tables of docs/scaling.md.</summary>
internal static class TablesCommand
{
    private static readonly ClusterOptions Model = new();
    private static readonly Option<int[]> Silos = List<int>("--silos", "Numbers of silos.", 8, 32, 128, 512, 1024);
    private static readonly Option<int[]> FewSilos = List<int>("--silos", "Numbers of silos.", 8, 64);
    private static readonly Option<double[]> Tokens = List<double>("--tokens", "Rows of the sequence.", 1e6, 1e7, 1e8);
    private static readonly Option<double[]> FewTokens = List<double>("--tokens", "Rows of the sequence.", 1e6, 1e7);
    private static readonly Option<string[]> Masks = List("--masks", "Who sees whom.", [.. ClusterOptions.Masks]);
    private static readonly Option<int> OneCluster = ClusterOptions.Whole("--silos", 32, "Silos.");
    private static readonly Option<double> OneLength = ClusterOptions.Number("--tokens", 4e6, "Rows of the sequence.");
    private static readonly Option<int[]> PerSlot = List("--per-slot", "Blocks for each one that the cluster computes at a time.", 1, 2, 4, 8, 16);
    private static readonly Option<int> Seed = new("--seed") { Description = "Seed of unequal silos." };
    private static readonly Option<double[]> Ratios = List<double>("--ratios", "How many times as fast a silo with a device is.", 2, 20, 200);
    private static readonly Option<double> MixedLength = ClusterOptions.Number("--tokens", 1e5, "Rows of the sequence.");
    private static readonly Option<string[]> MixedMasks = List("--masks", "Who sees whom.", "full", "causal");
    private static readonly Option<double[]> Links = List("--links", "Speeds of links: 10^9 bits a second.", 1.0, 10, 100);

    public static IEnumerable<Command> Create()
    {
        yield return With(new Command("sizes", "Efficiency, bytes and memory for clusters and jobs of many sizes.") { Silos, Tokens, Masks }, parsed =>
            new SizeTables(silos => Model.Cluster(parsed, silos), (tokens, mask) => Model.Job(parsed, tokens, mask))
                .Print(parsed.GetRequiredValue(Silos), parsed.GetRequiredValue(Tokens), parsed.GetRequiredValue(Masks)));
        yield return With(new Command("deaths", "What the death of a silo costs.") { FewSilos, FewTokens, Masks }, parsed =>
            new DeathTable(silos => Model.Cluster(parsed, silos), (tokens, mask) => Model.Job(parsed, tokens, mask))
                .Print(parsed.GetRequiredValue(FewSilos), parsed.GetRequiredValue(FewTokens), parsed.GetRequiredValue(Masks)));
        yield return With(new Command("cuts", "What hangs on the number of blocks.") { OneCluster, OneLength, PerSlot, Masks, Seed }, parsed =>
            new CutTable(Model.Cluster(parsed, parsed.GetValue(OneCluster)), mask => Model.Job(parsed, (long)parsed.GetValue(OneLength), mask))
                .Print(parsed.GetRequiredValue(PerSlot), parsed.GetRequiredValue(Masks), parsed.GetValue(Seed)));
        yield return With(new Command("mixed", "Silos with a device and silos without one in one ring.") { Ratios, MixedLength, MixedMasks }, parsed =>
            new MixTable(silos => Model.Cluster(parsed, silos), (tokens, mask) => Model.Job(parsed, tokens, mask))
                .Print(parsed.GetRequiredValue(Ratios), (long)parsed.GetValue(MixedLength), parsed.GetRequiredValue(MixedMasks)));
        var rule = new Command("rule", "How many rows hide the transfer of a tile, found by trying, beside the rule.") { Links };
        rule.SetAction(parsed => BandwidthRule.Print(parsed.GetRequiredValue(Links)));
        yield return rule;
    }

    private static Command With(Command command, Action<ParseResult> run)
    {
        Model.AddTo(command);
        command.SetAction(parsed =>
        {
            Console.WriteLine($"{Model.Describe(parsed)}\n");
            run(parsed);
        });
        return command;
    }

    private static Option<T[]> List<T>(string name, string description, params T[] otherwise)
    {
        var option = new Option<T[]>(name)
        {
            Description = $"{description} [default: {string.Join(' ', otherwise)}]",
            DefaultValueFactory = _ => otherwise,
            AllowMultipleArgumentsPerToken = true,
        };
        if (typeof(T) == typeof(string))
            option.AcceptOnlyFromAmong([.. ClusterOptions.Masks]);
        return option;
    }
}
