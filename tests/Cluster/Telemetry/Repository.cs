namespace Distributed.Cluster.Tests.Telemetry;

/// <summary>The checkout that these tests were built in.</summary>
internal static class Repository
{
    private static readonly string Root = FindRoot();

    public static string At(params string[] path) => Path.Combine([Root, .. path]);

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Distributed.sln")))
                return folder.FullName;
        }
        throw new InvalidOperationException($"No Distributed.sln above {AppContext.BaseDirectory}.");
    }
}
