using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Distributed.Kernels.Cpu.Vectors;

namespace Distributed.Kernels.Cpu;

/// <summary>The kernels this build has, and which of them this machine should use.</summary>
public static class CpuKernels
{
    /// <summary>One number at a time: the arithmetic written down.</summary>
    public static CpuKernel Scalar { get; } = new ScalarKernel();

    /// <summary>Every kernel whose instructions this machine has, the fastest first.</summary>
    public static IReadOnlyList<CpuKernel> Supported { get; } =
    [
        .. Avx512DQ.IsSupported ? [new VectorKernel<Lanes512, Strip512x2, Strip512x3, Strip512x4>("avx512", 4)] : None,
        .. Fma.IsSupported && Avx2.IsSupported ? [Narrow<Lanes256>("avx2")] : None,
        .. AdvSimd.Arm64.IsSupported ? [Narrow<Lanes128>("neon")] : None,
        .. Fma.IsSupported ? [Narrow<Lanes128>("fma128")] : None,
        Scalar,
    ];

    /// <summary>The fastest kernel that runs on this machine.</summary>
    public static CpuKernel Best => Supported[0];

    private static CpuKernel[] None => [];

    private static VectorKernel<T, T, T, T> Narrow<T>(string name)
        where T : struct, ILanes<T> => new(name, 1);
}
