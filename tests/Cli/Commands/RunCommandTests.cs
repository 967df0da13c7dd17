using System.Diagnostics;
using System.Text.Json;
using Distributed.Cli.Tests.Process;
using Distributed.Engine.Files;
using Distributed.Kernels.Numerics;

namespace Distributed.Cli.Tests.Commands;

public class RunCommandTests
{
    [Fact]
    public async Task Blocks_and_threads_change_no_byte_of_the_output()
    {
        using var attend = new Attend();
        long[] shape = [1, 1, 65_536, 8];
        TensorFiles.WriteJob(attend["in.safetensors"], shape, shape, shape);
        string[] job = ["run", "in.safetensors", "--causal", "--window", "700,0", "--lse"];
        (await attend.RunAsync([.. job, "-o", "first.safetensors", "--threads", "1"])).Succeeded();
        byte[] expected = File.ReadAllBytes(attend["first.safetensors"]);

        foreach ((int blocks, int threads) in new[] { (2, 2), (3, 1), (7, 3), (64, 2) })
        {
            (await attend.RunAsync([.. job, "-o", "other.safetensors", "--blocks", $"{blocks}", "--threads", $"{threads}"]))
                .Succeeded();

            Assert.True(
                expected.AsSpan().SequenceEqual(File.ReadAllBytes(attend["other.safetensors"])),
                $"The output with {blocks} blocks and {threads} threads differs from the one with 1 and 1.");
        }
    }

    [Fact]
    public async Task Both_layouts_and_all_ways_in_give_the_same_numbers()
    {
        using var attend = new Attend();
        const int heads = 3, rows = 10, dim = 4;
        TensorFiles.WriteJob(attend["bhsd.safetensors"], [2, heads, rows, dim], [2, 1, 7, dim], [2, 1, 7, 5]);
        Transpose(attend["bhsd.safetensors"], attend["bshd.safetensors"]);
        foreach (string name in new[] { "q", "k", "v" })
            ToNpy(attend["bhsd.safetensors"], name, attend[$"{name}.npy"]);

        (await attend.RunAsync("run", "bhsd.safetensors", "-o", "a.safetensors")).Succeeded();
        (await attend.RunAsync("run", "bshd.safetensors", "-o", "b.safetensors", "--layout", "bshd")).Succeeded();
        (await attend.RunAsync("run", "--q", "q.npy", "--k", "k.npy", "--v", "v.npy", "-o", "o.npy")).Succeeded();

        float[] expected = TensorFiles.Read(attend["a.safetensors"], "o");
        Transpose(attend["b.safetensors"], attend["back.safetensors"]);
        Assert.Equal(expected, TensorFiles.Read(attend["back.safetensors"], "o"));
        Assert.Equal(expected, TensorFiles.Read(attend["o.npy"], "o"));
    }

    [Theory]
    [InlineData("f16", ElementType.F16, 1.0 / 2048)]
    [InlineData("bf16", ElementType.BF16, 1.0 / 256)]
    public async Task Narrow_outputs_differ_by_their_rounding_alone(string name, ElementType type, double rounding)
    {
        using var attend = new Attend();
        TensorFiles.WriteJob(attend["in.safetensors"], [1, 2, 40, 16], [1, 2, 50, 16], [1, 2, 50, 16], type);

        (await attend.RunAsync("run", "in.safetensors", "-o", "wide.safetensors", "--lse")).Succeeded();
        (await attend.RunAsync("run", "in.safetensors", "-o", "narrow.safetensors", "--dtype", name)).Succeeded();

        float[] wide = TensorFiles.Read(attend["wide.safetensors"], "o");
        float[] narrow = TensorFiles.Read(attend["narrow.safetensors"], "o");
        using TensorFile file = TensorFile.Open(attend["narrow.safetensors"]);
        Assert.Equal(type, file.Find("o")!.ElementType);
        for (int i = 0; i < wide.Length; i++)
            Assert.InRange(Math.Abs(wide[i] - narrow[i]), 0, rounding * Math.Abs(wide[i]) + 1e-7);
    }

    [Fact]
    public async Task Json_goes_to_stdout_and_nothing_else_does()
    {
        using var attend = new Attend();
        TensorFiles.WriteJob(attend["in.safetensors"], [1, 2, 100, 8], [1, 1, 100, 8], [1, 1, 100, 8]);

        Outcome outcome = (await attend.RunAsync(
            "run", "--causal", "in.safetensors", "-o", "out.safetensors", "--json")).Succeeded();

        using JsonDocument json = JsonDocument.Parse(outcome.Output);
        Assert.Equal(2 * 100 * 101 / 2, json.RootElement.GetProperty("pairs").GetInt64());
        Assert.Equal("causal (top-left)", json.RootElement.GetProperty("masks").GetString());
    }

    [Fact]
    public async Task Tensors_named_by_ignore_are_left_out()
    {
        using var attend = new Attend();
        long[] shape = [1, 1, 4, 4];
        TensorFiles.WriteRandom(
            attend["in.safetensors"], ("q", ElementType.F32, shape), ("k", ElementType.F32, shape),
            ("v", ElementType.F32, shape), ("extra", ElementType.F32, shape), ("more", ElementType.F32, shape));

        (await attend.RunAsync("run", "in.safetensors", "-o", "out.safetensors", "--ignore", "extra", "--ignore", "more"))
            .Succeeded();
    }

    [Fact]
    public async Task Ctrl_C_stops_within_a_second_and_leaves_no_output()
    {
        using var attend = new Attend();
        long[] shape = [1, 8, 32_768, 64];
        TensorFiles.WriteRandom(
            attend["in.safetensors"], ("q", ElementType.BF16, shape), ("k", ElementType.BF16, shape), ("v", ElementType.BF16, shape));
        using System.Diagnostics.Process process = attend.Start("run", "in.safetensors", "-o", "out.safetensors");
        await UntilAsync(() => attend.Files.Any(name => name.EndsWith(".partial", StringComparison.Ordinal)), "the output was begun");

        long interrupted = Stopwatch.GetTimestamp();
        using (System.Diagnostics.Process kill = System.Diagnostics.Process.Start("kill", ["-INT", $"{process.Id}"]))
            await kill.WaitForExitAsync();
        Outcome outcome = await Attend.EndAsync(process, "run, interrupted");

        Assert.Equal(130, outcome.ExitCode);
        Assert.InRange(Stopwatch.GetElapsedTime(interrupted).TotalSeconds, 0, 2);
        Assert.Equal(["in.safetensors"], attend.Files);
    }

    private static async Task UntilAsync(Func<bool> holds, string what)
    {
        long started = Stopwatch.GetTimestamp();
        while (!holds())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(60), $"Waited 60 s in vain until {what}.");
            await Task.Delay(10);
        }
    }

    private static void Transpose(string from, string to)
    {
        using TensorFile source = TensorFile.Open(from);
        using TensorFileWriter writer = TensorFileWriter.Create(to, [.. source.Tensors.Select(t =>
            new TensorSpec(t.Name, t.ElementType!.Value, t.Shape[0], t.Shape[2], t.Shape[1], t.Shape[3]))]);
        foreach (TensorInfo info in source.Tensors)
        {
            float[] numbers = TensorFiles.Read(from, info.Name);
            long b = info.Shape[0], x = info.Shape[1], y = info.Shape[2], d = info.Shape[3];
            for (long row = 0; row < b * x * y; row++)
            {
                long target = row / (x * y) * x * y + row % y * x + row / y % x;
                writer[info.Name].WriteRows(target, numbers.AsSpan((int)(row * d), (int)d));
            }
        }
        writer.Commit();
    }

    private static void ToNpy(string from, string name, string to)
    {
        using TensorFile source = TensorFile.Open(from);
        using TensorFileWriter writer = TensorFileWriter.Create(to, [new TensorSpec(name, ElementType.F32, source.Find(name)!.Shape)]);
        writer[name].Write(0, TensorFiles.Read(from, name));
        writer.Commit();
    }
}
