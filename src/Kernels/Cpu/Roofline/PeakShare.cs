namespace Distributed.Kernels.Cpu.Roofline;

/// <summary>
/// The share of the machine's multiply-add peak that a kernel reaches on a shape, the peak measured around every run, so
/// that a machine whose speed drifts is compared with itself.
/// </summary>
/// <param name="Median">Median share over the runs, 0 to 1.</param>
/// <param name="Best">Best share over the runs.</param>
/// <param name="Rate">Floating-point operations per second of the fastest run.</param>
/// <param name="Peak">Multiply-add peak measured last, in floating-point operations per second.</param>
/// <param name="Runs">Runs counted.</param>
public sealed record PeakShare(double Median, double Best, double Rate, double Peak, int Runs)
{
    /// <summary>Runs the shape for about <paramref name="seconds"/>, at least twice after a run that warms up.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="shape">The problem.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="clock">What time is told by.</param>
    /// <param name="seconds">How long to measure.</param>
    public static PeakShare Measure(CpuKernel kernel, KernelShape shape, int threads, WorkClock clock, double seconds)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        ArgumentNullException.ThrowIfNull(shape);
        int bits = RegisterBits(kernel);
        using var rate = new KernelRate(kernel, shape);
        rate.Run(threads, clock);
        var shares = new List<double>();
        double spent = 0, fastest = double.MaxValue, peak = 0;
        while (spent < seconds || shares.Count < 2)
        {
            double before = MachinePeak.MultiplyAddRate(threads, bits, clock);
            double took = rate.Run(threads, clock);
            peak = Math.Max(before, MachinePeak.MultiplyAddRate(threads, bits, clock));
            shares.Add(shape.Operations / took / peak);
            spent += took;
            fastest = Math.Min(fastest, took);
        }
        shares.Sort();
        return new PeakShare(shares[shares.Count / 2], shares[^1], shape.Operations / fastest, peak, shares.Count);
    }

    /// <summary>Width of the registers that a kernel calculates in, in bits.</summary>
    public static int RegisterBits(CpuKernel kernel) => kernel?.Name switch
    {
        "avx512" => 512,
        "avx2" => 256,
        _ => 128,
    };
}
