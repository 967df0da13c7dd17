using System.Text.RegularExpressions;
using Distributed.Engine;
using Distributed.Silo.Hosting;

namespace Distributed.Silo.Tests.Hosting;

public class SiloSettingsTests
{
    private static readonly Dictionary<string, string?> Environment = new()
    {
        ["ATTEND_SILO_HTTP_PORT"] = "5000",
        ["HOME"] = "/",
    };

    [Fact]
    public void Without_any_setting_a_silo_runs_by_itself_on_the_loopback_interface()
    {
        SiloSettings settings = SiloSettings.Read([], new Dictionary<string, string?>());

        settings.Validate();

        Assert.False(settings.JoinsCluster);
        Assert.Equal(("127.0.0.1", 8470), (settings.Listen.ToString(), settings.HttpPort));
        Assert.EndsWith("/attend", settings.Data, StringComparison.Ordinal);
        Assert.Empty(settings.FileRoots);
    }

    /// <summary>What help lists is what the pages list: no setting is known to one alone.</summary>
    [Fact]
    public void Help_and_the_tables_of_the_docs_have_the_same_settings()
    {
        string docs = Path.Combine(Walks.WalkTests.Root(), "docs");
        string[] documented =
        [
            .. new[] { "api.md", "cluster.md" }.SelectMany(page => File.ReadLines(Path.Combine(docs, page)))
                .Where(line => line.StartsWith("| `--", StringComparison.Ordinal))
                .SelectMany(line => Regex.Matches(line.Split('|')[1], "`(--[a-z-]+)`").Select(match => match.Groups[1].Value))
                .Distinct().Order(StringComparer.Ordinal),
        ];

        Assert.Equal(documented, Regex.Matches(KnownSettings.Help(), "^  (--[a-z-]+) ", RegexOptions.Multiline)
            .Select(match => match.Groups[1].Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_command_line_comes_before_the_environment()
    {
        Assert.Equal(6000, SiloSettings.Read(["--http-port", "6000"], Environment).HttpPort);
        Assert.Equal(5000, SiloSettings.Read([], Environment).HttpPort);
    }

    [Theory]
    [InlineData("--http-prot", "6000")]
    [InlineData("http-port", "6000")]
    [InlineData("--http-port")]
    public void A_setting_that_is_not_known_or_has_no_value_is_refused(params string[] arguments) =>
        Assert.Throws<InputException>(() => SiloSettings.Read(arguments, Environment));

    [Theory]
    [InlineData("--http-port", "-1")]
    [InlineData("--threads", "-1")]
    [InlineData("--checkpoint-seconds", "NaN")]
    [InlineData("--listen", "nowhere")]
    [InlineData("--file-roots", "/there/is/no/such/folder")]
    [InlineData("--keys", "/there/is/no/such/file")]
    [InlineData("--memory-gb", "0")]
    [InlineData("--quota-gb", "much")]
    [InlineData("--keep-days", "-1")]
    [InlineData("--jobs-at-once", "0")]
    [InlineData("--device", "gpu")]
    public void A_value_out_of_its_range_is_refused_by_its_name(string name, string value)
    {
        InputException error = Assert.Throws<InputException>(() => SiloSettings.Read([name, value], Environment).Validate());

        Assert.Contains(name.TrimStart('-'), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Listening_beyond_loopback_without_keys_is_refused()
    {
        InputException error = Assert.Throws<InputException>(() => SiloSettings.Read(["--listen", "0.0.0.0"], Environment).Validate());

        Assert.Contains("no keys", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_setting_of_a_cluster_without_a_secret_is_refused()
    {
        InputException error = Assert.Throws<InputException>(() => SiloSettings.Read(["--silo-port", "5000"], Environment).Validate());

        Assert.Contains("secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_without_its_key_is_refused()
    {
        string file = Path.GetTempFileName();
        try
        {
            Assert.Throws<InputException>(() => SiloSettings.Read(["--tls-certificate", file], Environment).Validate());
        }
        finally
        {
            File.Delete(file);
        }
    }
}
