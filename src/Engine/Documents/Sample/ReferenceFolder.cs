using System.Runtime.InteropServices;

namespace Distributed.Engine.Documents.Sample;

/// <summary>Where the API reference texts of .NET lie on this machine. They come with every SDK.</summary>
internal static class ReferenceFolder
{
    private const string Pack = "Microsoft.NETCore.App.Ref";

    /// <summary>The folder with the newest texts.</summary>
    /// <exception cref="InputException">There is none.</exception>
    public static string Find()
    {
        string[] looked = [.. Candidates().Distinct()];
        return looked.Where(Directory.Exists)
            .SelectMany(Versions)
            .OrderByDescending(found => found.Version)
            .Select(found => Texts(found.Path))
            .FirstOrDefault(texts => texts is not null)
            ?? throw new InputException(
                $"The API reference texts of the .NET SDK were not found in {string.Join(" or ", looked)}; give a text of your own to 'attend document'.");
    }

    private static IEnumerable<string> Candidates()
    {
        // shared/Microsoft.NETCore.App/VERSION/ of the running .NET lies three folders below its root.
        yield return Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../../packs", Pack));
        if (Environment.GetEnvironmentVariable("DOTNET_ROOT") is { Length: > 0 } root)
            yield return Path.GetFullPath(Path.Combine(root, "packs", Pack));
        string packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } set
            ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        yield return Path.Combine(packages, Pack.ToLowerInvariant());
    }

    private static IEnumerable<(Version Version, string Path)> Versions(string folder) =>
        from path in Directory.EnumerateDirectories(folder)
        let version = Version.TryParse(Path.GetFileName(path).Split('-')[0], out Version? parsed) ? parsed : null
        where version is not null
        select (version, path);

    private static string? Texts(string version)
    {
        string reference = Path.Combine(version, "ref");
        return Directory.Exists(reference)
            ? Directory.EnumerateDirectories(reference, "net*").Order(StringComparer.Ordinal)
                .LastOrDefault(folder => File.Exists(Path.Combine(folder, SdkReference.FirstText)))
            : null;
    }
}
