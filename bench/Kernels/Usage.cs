namespace Distributed.Kernels.Benchmarks;

internal static class Usage
{
    public static int Print()
    {
        Console.Error.WriteLine("""
            usage: COMMAND [options]
              shares [--kernel NAME] [--threads N,N] [--only TEXT] [--seconds S] [--cpu-time]
                          share of the multiply-add peak over the table of shapes
              phases [DIM ...]       the parts of a tile one by one
              decode [KEYS] [--cpu-time]  one query row against a long sequence
              options [--only TEXT]  what masks and scores add to a full tile
              mechanisms [additive|linear] [--only TEXT] [--cpu-time]
                          additive scores, linear attention and the delta rule against their bounds
              accuracy               errors of whole results against float64
              exp2                   error of exp2 on every float
              statistics [...]       BenchmarkDotNet, its options
            --cpu-time counts the time that threads were on a core, for a machine that does other work too.
            """);
        return 2;
    }
}
