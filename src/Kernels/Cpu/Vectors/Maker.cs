using System.Runtime.Intrinsics.X86;

namespace Distributed.Kernels.Cpu.Vectors;

/// <summary>
/// Who made this CPU, where cores with the same instructions want different ones. Nothing that goes by it shows in the bits.
/// </summary>
internal static class Maker
{
    /// <summary>Whether Intel did.</summary>
    public static readonly bool IsIntel = AsksIntel();

    // "GenuineIntel", as CPUID spells it: its first and last four letters.
    private static bool AsksIntel()
    {
        if (!X86Base.IsSupported)
            return false;
        (_, int first, int last, _) = X86Base.CpuId(0, 0);
        return first == 0x756E_6547 && last == 0x6C65_746E;
    }
}
