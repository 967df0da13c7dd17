using Distributed.Kernels.Benchmarks;

return args is ["shares", ..] ? Shares.Run(args[1..]) : Usage.Print();
