using BenchmarkDotNet.Running;
using Distributed.Kernels.Benchmarks;

return args switch
{
    ["shares", ..] => Shares.Run(args[1..]),
    ["decode", ..] => Decode.Run(args[1..]),
    ["statistics", ..] => Statistics(args[1..]),
    ["exp2"] => Exp2Error.Run(),
    ["accuracy"] => Accuracy.Run(),
    ["options", ..] => Options.Run(args[1..]),
    ["mechanisms", ..] => await Mechanisms.RunAsync(args[1..]),
    ["phases", ..] => Phases.Run(args[1..]),
    _ => Usage.Print(),
};

static int Statistics(string[] args)
{
    BenchmarkSwitcher.FromTypes([typeof(FoldBenchmark)]).Run(["--filter", "*", .. args]);
    return 0;
}
