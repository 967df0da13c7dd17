using System.Text.Json;
using Distributed.Cli.Tests.Process;
using Distributed.Engine.Files;

namespace Distributed.Cli.Tests.Commands;

public class AnalyticsTests
{
    private static readonly string[] RowTensors =
        ["row_entropy", "row_max_weight", "row_distance", "row_distance_rms", "row_offset", "row_window_mass", "row_sink_mass"];

    [Fact]
    public async Task All_analytics_stand_in_the_output_and_the_output_is_the_same()
    {
        using var attend = new Attend();
        TensorFiles.WriteJob(attend["in.safetensors"], [1, 2, 300, 8], [1, 1, 300, 8], [1, 1, 300, 8]);
        string[] job = ["run", "in.safetensors", "--causal"];

        (await attend.RunAsync([.. job, "-o", "plain.safetensors"])).Succeeded();
        (await attend.RunAsync([.. job, "-o", "out.safetensors", "--analytics", "all", "--analytics-segments", "0,100,300"])).Succeeded();

        Assert.Equal(TensorFiles.Read(attend["plain.safetensors"], "o"), TensorFiles.Read(attend["out.safetensors"], "o"));
        using TensorFile file = TensorFile.Open(attend["out.safetensors"]);
        Assert.Equal(
            [.. RowTensors, "distance_mass", "link_keys", "link_weights", "lse", "o", "pooled_max", "pooled_mean", "received", "segment_mass", "strongest_keys", "strongest_rows", "strongest_weights"],
            file.Tensors.Select(tensor => tensor.Name).OrderBy(name => !name.StartsWith("row_", StringComparison.Ordinal)).ThenBy(name => Array.IndexOf(RowTensors, name)).ThenBy(name => name, StringComparer.Ordinal));
        float[] received = TensorFiles.Read(attend["out.safetensors"], "received");
        Assert.InRange(received.Take(300).Sum(), 299.9, 300.1);
        Assert.All(TensorFiles.Read(attend["out.safetensors"], "row_offset"), offset => Assert.InRange(offset, 0, 300));
    }

    [Theory]
    [InlineData("Analytics 'links' are not known", "--analytics", "links")]
    [InlineData("Analytics 'links:x' have no whole number", "--analytics", "links:x")]
    [InlineData("Analytics links:0 is out of range", "--analytics", "links:0")]
    [InlineData("goes with analytics other than rows", "--analytics", "rows", "--analytics-heads", "mean")]
    [InlineData("go with --analytics rows", "--analytics", "received", "--analytics-window", "3")]
    [InlineData("growing numbers from 0 to 30 are expected", "--analytics-segments", "0,40")]
    [InlineData("Analytics window -1 is out of range", "--analytics", "rows", "--analytics-window", "-1")]
    public async Task What_cannot_be_meant_is_refused_before_the_start(string why, params string[] options)
    {
        using var attend = new Attend();
        TensorFiles.WriteJob(attend["in.safetensors"], [1, 1, 30, 8], [1, 1, 30, 8], [1, 1, 30, 8]);

        Outcome outcome = await attend.RunAsync(["run", "in.safetensors", "-o", "out.safetensors", .. options]);

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(why, outcome.Error, StringComparison.Ordinal);
        Assert.Equal(["in.safetensors"], attend.Files);
    }

    [Fact]
    public async Task The_plan_tells_what_a_second_pass_costs()
    {
        using var attend = new Attend();
        TensorFiles.WriteJob(attend["in.safetensors"], [1, 2, 300, 8], [1, 1, 300, 8], [1, 1, 300, 8]);

        Outcome outcome = await attend.RunAsync("plan", "in.safetensors", "--analytics", "received", "--json");

        outcome.Succeeded();
        using var plan = JsonDocument.Parse(outcome.Output);
        Assert.Equal(2.0 * 8 * 300 * 300 * 2, plan.RootElement.GetProperty("analytics_flops").GetDouble());
        Assert.Equal(2 * 9 * 300 + 2 * 4 * 300, plan.RootElement.GetProperty("analytics_bytes").GetInt64());
    }

    [Fact]
    public async Task Weights_of_a_rectangle_are_the_same_of_an_input_of_an_output_and_of_qk_output()
    {
        using var attend = new Attend();
        TensorFiles.WriteJob(attend["in.safetensors"], [1, 2, 60, 8], [1, 1, 60, 8], [1, 1, 60, 8]);
        (await attend.RunAsync("run", "in.safetensors", "-o", "out.safetensors", "--causal", "--lse", "--qk-output", "weights")).Succeeded();
        float[] all = TensorFiles.Read(attend["out.safetensors"], "qk");

        (await attend.RunAsync("weights", "in.safetensors", "--causal", "--of", "1", "--rows", "20:25", "--keys", "10:30", "-o", "a.npy")).Succeeded();
        (await attend.RunAsync("weights", "out.safetensors", "--of", "1", "--rows", "20:25", "--keys", "10:30", "-o", "b.npy")).Succeeded();
        Outcome text = await attend.RunAsync("weights", "out.safetensors", "--of", "mean", "--rows", "3:4", "--keys", "0:2");

        float[] weights = TensorFiles.Read(attend["a.npy"], "a");
        Assert.Equal(weights, TensorFiles.Read(attend["b.npy"], "b"));
        for (int i = 0; i < weights.Length; i++)
            Assert.Equal(all[60 * 60 + (20 + i / 20) * 60 + 10 + i % 20], weights[i], 1e-6);
        Assert.StartsWith("row\\key\t0\t1\n3\t0.", text.Succeeded().Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("There are no rows", "weights", "in.safetensors", "--keys", "0:1")]
    [InlineData("Rows 0:31 are not in the matrix", "weights", "in.safetensors", "--rows", "0:31", "--keys", "0:1")]
    [InlineData("Head '1' is not there", "weights", "in.safetensors", "--rows", "0:1", "--keys", "0:1", "--of", "1")]
    [InlineData("have no meaning here", "weights", "in.safetensors", "--rows", "0:1", "--keys", "0:1", "--lse")]
    [InlineData("--causal and the finished job", "weights", "out.safetensors", "--rows", "0:1", "--keys", "0:1", "--causal")]
    [InlineData("has no tensor 'pooled_mean'", "rollout", "out.safetensors", "-o", "r.safetensors")]
    [InlineData("is no output of attend run", "atlas", "in.safetensors")]
    [InlineData("Memory 1 is out of range", "atlas", "out.safetensors", "--memory", "1")]
    public async Task What_cannot_be_looked_at_is_refused(string why, params string[] command)
    {
        using var attend = new Attend();
        TensorFiles.WriteJob(attend["in.safetensors"], [1, 1, 30, 8], [1, 1, 30, 8], [1, 1, 30, 8]);
        (await attend.RunAsync("run", "in.safetensors", "-o", "out.safetensors", "--lse")).Succeeded();

        Outcome outcome = await attend.RunAsync(command);

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(why, outcome.Error, StringComparison.Ordinal);
    }
}
