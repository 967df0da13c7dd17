using Distributed.Kernels.Benchmarks;

return args switch
{
    ["shares", ..] => Shares.Run(args[1..]),
    ["decode", ..] => Decode.Run(args[1..]),
    ["exp2"] => Exp2Error.Run(),
    ["accuracy"] => Accuracy.Run(),
    ["options"] => Options.Run(),
    ["phases", ..] => Phases.Run(args[1..]),
    _ => Usage.Print(),
};
