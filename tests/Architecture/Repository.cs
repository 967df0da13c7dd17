using System.Xml.Linq;

namespace Distributed.Architecture.Tests;

/// <summary>The checkout these tests were built in, and what lies in it.</summary>
internal static class Repository
{
    private const string Solution = "Distributed.sln";
    private static readonly string[] Generated = ["artifacts", "bin", "obj", "TestResults", ".git"];

    public static string Root { get; } = FindRoot();

    public static string SolutionText => File.ReadAllText(Path.Combine(Root, Solution));

    /// <summary>Files below <paramref name="folder"/> as paths from the root, without what builds leave behind.</summary>
    public static IReadOnlyList<string> Files(string folder, string pattern)
    {
        string start = Path.Combine(Root, folder);
        return Directory.Exists(start)
            ? [.. Directory.EnumerateFiles(start, pattern, SearchOption.AllDirectories)
                .Select(Relative)
                .Where(path => !path.Split('/').Any(Generated.Contains))
                .Order(StringComparer.Ordinal)]
            : [];
    }

    public static string Absolute(string path) => Path.Combine(Root, path);

    public static string Relative(string path) => Path.GetRelativePath(Root, path).Replace('\\', '/');

    /// <summary>
    /// The <c>Include</c>s of an item type in a project file, such as <c>ProjectReference</c>. A project that is only built
    /// beforehand, to be started as a process of its own, is none that is imported.
    /// </summary>
    public static IReadOnlyList<string> Items(string project, string itemType) =>
        [.. XDocument.Load(Absolute(project)).Descendants(itemType)
            .Where(item => (string?)item.Attribute("ReferenceOutputAssembly") != "false")
            .Select(item => (string?)item.Attribute("Include"))
            .OfType<string>()];

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, Solution)))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException(
            $"No {Solution} above {AppContext.BaseDirectory}: these tests read the checkout they were built in, so "
            + "build them into a folder below it.");
    }
}
