using System.Text.RegularExpressions;

namespace Distributed.Architecture.Tests;

/// <summary>The links and headings of one Markdown page, code blocks left aside.</summary>
internal sealed partial class MarkdownFile(string path)
{
    private readonly string[] _prose = [.. WithoutCode(File.ReadLines(Repository.Absolute(path)))];

    /// <summary>Targets of links and images that point into the repository.</summary>
    public IEnumerable<string> RelativeLinks =>
        from line in _prose
        from Match link in Link().Matches(InlineCode().Replace(line, ""))
        let target = link.Groups["target"].Value
        where !target.Contains("://", StringComparison.Ordinal) && !target.StartsWith("mailto:", StringComparison.Ordinal)
        select target;

    /// <summary>Headings as the anchors that a forge makes of them: lower case, hyphens for spaces.</summary>
    public IEnumerable<string> Anchors =>
        from line in _prose
        where line.StartsWith('#')
        select NotInAnchor().Replace(line.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-');

    /// <summary>What is wrong with <paramref name="target"/> as a link from this page, or nothing.</summary>
    public string? Broken(string target)
    {
        string[] parts = target.Split('#', 2);
        string file = parts[0].Length == 0
            ? path
            : Repository.Relative(Path.GetFullPath(Path.Combine(Repository.Root, Path.GetDirectoryName(path)!, parts[0])));
        string absolute = Repository.Absolute(file);
        if (file.StartsWith("..", StringComparison.Ordinal) || (!File.Exists(absolute) && !Directory.Exists(absolute)))
        {
            return $"{path}: no file {target}";
        }

        bool anchorMissing = parts.Length == 2 && file.EndsWith(".md", StringComparison.Ordinal)
            && !new MarkdownFile(file).Anchors.Contains(parts[1]);
        return anchorMissing ? $"{path}: {file} has no heading #{parts[1]}" : null;
    }

    private static IEnumerable<string> WithoutCode(IEnumerable<string> lines)
    {
        bool code = false;
        foreach (string line in lines)
        {
            if (line.TrimStart().StartsWith("```", StringComparison.Ordinal))
            {
                code = !code;
            }
            else if (!code)
            {
                yield return line;
            }
        }
    }

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)(\s+""[^""]*"")?\)")]
    private static partial Regex Link();

    [GeneratedRegex("`[^`]*`")]
    private static partial Regex InlineCode();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NotInAnchor();
}
