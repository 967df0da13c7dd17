namespace Distributed.Kernels.Benchmarks;

internal static class Usage
{
    public static int Print()
    {
        Console.Error.WriteLine("usage: shares [--kernel NAME] [--threads N,N] [--only TEXT] [--cpu-time]");
        Console.Error.WriteLine("       options");
        return 2;
    }
}
