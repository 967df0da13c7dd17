using Distributed.Engine;
using Distributed.Grains.Hosting;
using Distributed.Silo.Cluster;
using Distributed.Silo.Hosting;

namespace Distributed.Silo.Tests.Cluster;

public class ClusterSettingsTests
{
    private static readonly Dictionary<string, string?> Environment = new()
    {
        ["ATTEND_SILO_SECRET"] = "0123456789abcdef",
        ["ATTEND_SILO_SILO_PORT"] = "5000",
        ["HOME"] = "/",
    };

    [Fact]
    public void The_command_line_comes_before_the_environment_and_defaults_last()
    {
        ClusterSettings settings = Read("--silo-port", "6000", "--data", "/tmp", "--transport", "in-band");

        Assert.Equal((6000, 30000), (settings.SiloPort, settings.GatewayPort));
        Assert.Equal((TileTransportKind.InBand, "/tmp"), (settings.Engine.Transport, settings.Engine.DataFolder));
        Assert.Equal(5000, Read().SiloPort);
    }

    [Fact]
    public void Certificates_are_given_whole_or_not_at_all()
    {
        InputException missing = Assert.Throws<InputException>(() => Read("--data", "/tmp", "--cluster-certificate", "silo.pem").Engine);
        InputException unreadable = Assert.Throws<InputException>(() => Read(
            "--data", "/tmp", "--cluster-certificate", "/no/silo.pem", "--cluster-key", "/no/silo.key", "--cluster-authority", "/no/authority.pem").Engine);

        Assert.Contains("cluster-key", missing.Message, StringComparison.Ordinal);
        Assert.Contains("/no/silo.pem", unreadable.Message, StringComparison.Ordinal);
        Assert.Null(Read("--data", "/tmp").Engine.Tls);
    }

    [Theory]
    [InlineData("--silo-port", "0")]
    [InlineData("--silo-port", "many")]
    [InlineData("--threads", "-1")]
    [InlineData("--transport", "pigeon")]
    [InlineData("--checkpoint-seconds", "NaN")]
    [InlineData("--address", "nowhere")]
    [InlineData("--secret-file", "/there/is/no/such/file")]
    public void A_value_out_of_its_range_is_refused_by_its_name(string name, string value)
    {
        ClusterSettings settings = Read(name, value, "--data", "/tmp");

        InputException error = Assert.Throws<InputException>(() => (settings.SiloPort, settings.Address, settings.Engine));

        Assert.Contains(name.TrimStart('-'), error.Message);
    }

    [Fact]
    public void Without_a_secret_or_a_data_folder_there_is_no_silo()
    {
        Assert.Contains("secret", Assert.Throws<InputException>(() => new ClusterSettings(SiloSettings.Read(["--data", "/tmp"], new Dictionary<string, string?>())).Engine).Message);
        Assert.Contains("data", Assert.Throws<InputException>(() => Read().Engine).Message);
        Assert.Contains("16", Assert.Throws<InputException>(
            () => new ClusterSettings(SiloSettings.Read(["--data", "/tmp"], new Dictionary<string, string?> { ["ATTEND_SILO_SECRET"] = "short" })).Engine.Validate()).Message);
        Assert.Contains("command line", Assert.Throws<InputException>(() => SiloSettings.Read(["--secret", "0123456789abcdef"], Environment)).Message);
    }

    private static ClusterSettings Read(params string[] arguments) => new(SiloSettings.Read(arguments, Environment));
}
