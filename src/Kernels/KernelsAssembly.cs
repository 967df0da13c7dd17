namespace Distributed.Kernels;

/// <summary>What this build of the assembly has in it.</summary>
public static class KernelsAssembly
{
    /// <summary>Whether ILGPU was on the package feed, so that the GPU kernels are in this build.</summary>
#if HAS_ILGPU
    public static bool HasIlgpu => true;
#else
    public static bool HasIlgpu => false;
#endif
}
