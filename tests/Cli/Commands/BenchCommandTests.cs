using System.Text.Json;
using Distributed.Cli.Tests.Process;

namespace Distributed.Cli.Tests.Commands;

public class BenchCommandTests
{
    [Fact]
    public async Task Too_many_threads_are_refused()
    {
        using var attend = new Attend();

        Outcome outcome = await attend.RunAsync("bench", "--threads", "5000");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("5000", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_tells_the_peak_and_a_share_for_every_shape()
    {
        using var attend = new Attend();

        Outcome outcome = (await attend.RunAsync("bench", "--threads", "1", "--json")).Succeeded();

        using JsonDocument json = JsonDocument.Parse(outcome.Output);
        Assert.True(json.RootElement.GetProperty("peak_gflops_per_second").GetDouble() > 0);
        Assert.All(
            json.RootElement.GetProperty("shapes").EnumerateArray(),
            shape => Assert.True(shape.GetProperty("share_of_peak").GetDouble() > 0));
    }
}
