namespace Distributed.Grains;

/// <summary>Marks this assembly.</summary>
public static class GrainsAssembly
{
    /// <summary>Whether this build has Orleans in it.</summary>
    public static bool HasOrleans => false;
}
