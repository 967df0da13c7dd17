namespace Distributed.Architecture.Tests;

/// <summary>A file says one thing: most are near 100 lines, and one past 400 gives its reason here.</summary>
public sealed class FileLengthTests
{
    private const int Longest = 400;

    /// <summary>Path of a longer file, and why it is one thing all the same.</summary>
    private static readonly Dictionary<string, string> LongerForAReason = [];

    [Fact]
    public void NoFileInSrcIsLongerThanItsSubject()
    {
        string[] tooLong = [.. from path in Repository.Files("src", "*.cs")
                               let lines = File.ReadLines(Repository.Absolute(path)).Count()
                               where lines > Longest && !LongerForAReason.ContainsKey(path)
                               select $"{path} ({lines} lines)"];
        Assert.True(tooLong.Length == 0,
            $"Expected at most {Longest} lines: split {string.Join(", ", tooLong)}, or give the reason in this test.");
    }

    [Fact]
    public void EveryReasonIsStillNeeded()
    {
        string[] stale = [.. LongerForAReason.Keys.Where(path =>
            !File.Exists(Repository.Absolute(path)) || File.ReadLines(Repository.Absolute(path)).Count() <= Longest)];
        Assert.True(stale.Length == 0, $"No longer long, so no reason is needed for {string.Join(", ", stale)}.");
    }
}
