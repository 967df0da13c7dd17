using System.CommandLine;
using Distributed.Simulator.Validation;

namespace Distributed.Simulator.Commands;

/// <summary><c>validate</c>: the simulator beside real silos on this machine.</summary>
internal static class ValidateCommand
{
    private static readonly Option<int[]> Silos = new("--silos")
    {
        Description = "Numbers of silos, one thread each. [default: 1 2 4]",
        DefaultValueFactory = _ => [1, 2, 4],
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<int> Rows = ClusterOptions.Whole("--rows", 16_384, "Rows.");
    private static readonly Option<int> Heads = ClusterOptions.Whole("--heads", 8, "Heads.");
    private static readonly Option<int> Dim = ClusterOptions.Whole("--head-size", 128, "Elements of a head.");
    private static readonly Option<int> Rounds = ClusterOptions.Whole("--rounds", 1, "How often each real job is run; the median counts.");
    private static readonly Option<string[]> Masks = new Option<string[]>("--masks")
    {
        Description = "Who sees whom. [default: full causal]",
        DefaultValueFactory = _ => ["full", "causal"],
        AllowMultipleArgumentsPerToken = true,
    }.AcceptOnlyFromAmong("full", "causal");

    private static readonly Option<string> Attend = new("--attend")
    {
        Description = "Path of attend, built with the same configuration. [default: beside this program]",
        DefaultValueFactory = _ => RealRun.Beside,
    };

    public static Command Create()
    {
        var command = new Command(
            "validate",
            "Runs jobs on real silos of this machine and on simulated ones, and compares the times; let nothing else run. " +
            "Ends with 1 where they differ by more than a tenth.")
        {
            Silos, Rows, Heads, Dim, Rounds, Masks, Attend,
        };
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        string attend = parsed.GetRequiredValue(Attend);
        if (!File.Exists(attend))
        {
            Console.Error.WriteLine($"There is no attend at '{attend}'; build src/Cli with the same configuration.");
            return 2;
        }
        (int heads, int dim) = (parsed.GetValue(Heads), parsed.GetValue(Dim));
        var comparison = new Comparison(new RealRun(attend, heads, dim), heads, dim, parsed.GetValue(Rows));
        return await comparison.RunAsync(
            parsed.GetRequiredValue(Silos), [.. parsed.GetRequiredValue(Masks).Select(mask => mask == "causal")], parsed.GetValue(Rounds)) ? 0 : 1;
    }
}
