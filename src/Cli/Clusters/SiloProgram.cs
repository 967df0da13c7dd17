using Distributed.Engine;

namespace Distributed.Cli.Clusters;

/// <summary>The silo's program, which lies beside this one in the folder <c>silo</c>.</summary>
internal static class SiloProgram
{
    private const string Name = "Distributed.Silo";

    /// <summary>Its path, for one that joins a cluster.</summary>
    /// <exception cref="InputException">Silos of this build join none.</exception>
    public static string FindForCluster() =>
#if HAS_ORLEANS
        Find();
#else
        throw new InputException("This build of attend has no cluster: Orleans was not on the package feed when it was made (docs/building.md).");
#endif

    /// <summary>Its path.</summary>
    /// <exception cref="InputException">It is not there.</exception>
    public static string Find()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "silo", OperatingSystem.IsWindows() ? Name + ".exe" : Name);
        return File.Exists(path)
            ? path
            : throw new InputException(
                $"There is no {path}: the folder silo belongs beside the program attend.");
    }
}
