using BenchmarkDotNet.Attributes;
using Distributed.Kernels.Cpu;
using Distributed.Kernels.Cpu.Roofline;
using Distributed.Kernels.Numerics;

namespace Distributed.Kernels.Benchmarks;

/// <summary>
/// Whole attention of one head by BenchmarkDotNet, for comparing two builds with its statistics. Not sealed: it derives from it.
/// </summary>
public class FoldBenchmark : IDisposable
{
    private KernelRate? _rate;

    [Params("avx512", "avx2")]
    public string Kernel { get; set; } = "";

    [Params(64, 128)]
    public int Dim { get; set; }

    [Params(false, true)]
    public bool Causal { get; set; }

    [Params(ElementType.F32, ElementType.BF16)]
    public ElementType Type { get; set; }

    [GlobalSetup]
    public void Make()
    {
        CpuKernel kernel = CpuKernels.Supported.Single(kernel => kernel.Name == Kernel);
        KernelShape shape = KernelShape.Square(1, 4096, Dim) with { Type = Type };
        _rate = new KernelRate(kernel, Causal ? shape.AsCausal() : shape);
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _rate?.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark]
    public double Attention() => _rate!.Run(1, WorkClock.Wall);
}
