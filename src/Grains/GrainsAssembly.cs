namespace Distributed.Grains;

/// <summary>What this build of the assembly has in it.</summary>
public static class GrainsAssembly
{
    /// <summary>Whether Orleans was on the package feed, so that the grains are in this build.</summary>
#if HAS_ORLEANS
    public static bool HasOrleans => true;
#else
    public static bool HasOrleans => false;
#endif
}
