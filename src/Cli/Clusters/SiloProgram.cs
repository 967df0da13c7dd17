using Distributed.Engine;

namespace Distributed.Cli.Clusters;

/// <summary>The silo's program, which lies beside this one in the folder <c>silo</c>.</summary>
internal static class SiloProgram
{
    private const string Name = "Distributed.Silo";

    /// <summary>Its path.</summary>
    /// <exception cref="InputException">This build has none.</exception>
    public static string Find()
    {
        string path = Path.Combine(AppContext.BaseDirectory, "silo", OperatingSystem.IsWindows() ? Name + ".exe" : Name);
        return File.Exists(path)
            ? path
            : throw new InputException(
                "This build of attend has no silo: Orleans was not on the package feed when it was made (docs/building.md).");
    }
}
