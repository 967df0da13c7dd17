namespace Distributed.Architecture.Tests;

/// <summary>Links between the pages lead somewhere.</summary>
public sealed class DocumentationTests
{
    private static readonly string[] Pages =
        [.. Repository.Files("", "*.md")];

    [Fact]
    public void EveryRelativeLinkResolves()
    {
        string[] broken = [.. from page in Pages
                              let file = new MarkdownFile(page)
                              from target in file.RelativeLinks
                              let wrong = file.Broken(target)
                              where wrong is not null
                              select wrong];
        Assert.True(broken.Length == 0, $"Links that lead nowhere:\n{string.Join('\n', broken)}");
    }

    /// <summary>The check above reads something: the contributor's page links to the pages it sends people to.</summary>
    [Fact]
    public void TheContributorsPageLinksToTheBuildPage()
    {
        Assert.Contains("docs/building.md", new MarkdownFile("CONTRIBUTING.md").RelativeLinks);
    }

    [Fact]
    public void ALinkToNowhereIsBroken()
    {
        MarkdownFile page = new("CONTRIBUTING.md");
        Assert.NotNull(page.Broken("docs/no-such-page.md"));
        Assert.NotNull(page.Broken("docs/building.md#no-such-heading"));
        Assert.NotNull(page.Broken("../outside.md"));
    }
}
