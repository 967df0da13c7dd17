namespace Distributed.Kernels.Cpu;

/// <summary>The kernels this build has, and which of them this machine should use.</summary>
public static class CpuKernels
{
    /// <summary>The fastest kernel that runs on this machine.</summary>
    public static CpuKernel Best { get; } = new ScalarKernel();
}
