using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>The vector registers of this CPU.</summary>
internal static class Registers
{
    /// <summary>
    /// Whether a loop whose sums fill 15 registers can do something else in between: with AVX-512 and on Arm there are 32.
    /// With 16, what is done in between would go to memory and back with every step.
    /// </summary>
    public static bool HaveRoom
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Avx512F.VL.IsSupported || AdvSimd.IsSupported;
    }
}
