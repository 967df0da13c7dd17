namespace Distributed.Architecture.Tests;

/// <summary>Every project is in the solution, and every project of <c>src</c> has its tests.</summary>
public sealed class ProjectTests
{
    [Fact]
    public void EveryProjectIsInTheSolution()
    {
        string solution = Repository.SolutionText.Replace('\\', '/');
        string[] missing = [.. new[] { "src", "tests", "bench" }
            .SelectMany(folder => Repository.Files(folder, "*.csproj"))
            .Where(project => !solution.Contains($"\"{project}\"", StringComparison.Ordinal))];
        Assert.True(missing.Length == 0,
            $"Not in Distributed.sln, so never built there: {string.Join(", ", missing)} (dotnet sln add).");
    }

    [Theory]
    [MemberData(nameof(LayerTests.Names), MemberType = typeof(LayerTests))]
    public void EveryLayerHasItsTests(string name)
    {
        string tests = $"tests/{name}/{name}.Tests.csproj";
        Assert.True(File.Exists(Repository.Absolute(tests)), $"{name} has no tests: expected {tests}.");
        Assert.True(Repository.Items(tests, "ProjectReference").Contains($"../../src/{name}/{name}.csproj"),
            $"{tests} does not reference src/{name}, which it is there to test.");
    }

    [Fact]
    public void VersionsStandInOnePlace()
    {
        string[] elsewhere = [.. new[] { "src", "tests", "bench" }
            .SelectMany(folder => Repository.Files(folder, "*.csproj"))
            .Where(project => File.ReadAllText(Repository.Absolute(project)).Contains("Version=", StringComparison.Ordinal))];
        Assert.True(elsewhere.Length == 0,
            $"Package versions belong in Directory.Packages.props, not in {string.Join(", ", elsewhere)}.");
    }
}
