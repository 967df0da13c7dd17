using System.Text.Json;
using Distributed.Cli.Tests.Process;
using Distributed.Engine.Files;
using Distributed.Kernels.Numerics;

namespace Distributed.Cli.Tests.Commands;

/// <summary>Tensors that a job takes from its input by name, held against the option that says the same.</summary>
public class OptionalTensorTests
{
    private static readonly long[] Queries = [2, 4, 30, 8], Keys = [2, 2, 30, 8];

    [Theory]
    [InlineData("valid_keys", "--valid-keys")]
    [InlineData("documents", "--documents")]
    public async Task A_list_in_the_input_is_the_option_of_its_name(string tensor, string option)
    {
        long[] numbers = tensor == "documents" ? [0, 7, 7, 30] : [30, 11];
        using var attend = new Attend();
        Write(attend["plain.safetensors"], []);
        Write(attend["full.safetensors"], [(tensor, FileElementType.I64, [numbers.Length], numbers)]);

        (await attend.RunAsync("run", "plain.safetensors", "-o", "a.safetensors", "--causal", "bottom-right", option, string.Join(',', numbers))).Succeeded();
        (await attend.RunAsync("run", "full.safetensors", "-o", "b.safetensors", "--causal", "bottom-right")).Succeeded();
        Outcome both = await attend.RunAsync("run", "full.safetensors", "-o", "c.safetensors", option, string.Join(',', numbers));

        Assert.Equal(File.ReadAllBytes(attend["a.safetensors"]), File.ReadAllBytes(attend["b.safetensors"]));
        Assert.Equal(2, both.ExitCode);
        Assert.Contains($"'{tensor}'", both.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mask_is_broadcast_and_masks_what_it_does_not_reach()
    {
        using var attend = new Attend();
        long[] causal = [.. Enumerable.Range(0, 30 * 30).Select(i => i % 30 <= i / 30 ? 1L : 0)];
        Write(attend["plain.safetensors"], []);
        Write(attend["causal.safetensors"], [("mask", FileElementType.Bool, [30, 30], causal)]);
        Write(attend["short.safetensors"], [("mask", FileElementType.Bool, [1, 1, 1, 9], [1, 1, 1, 1, 1, 1, 1, 1, 1])]);

        (await attend.RunAsync("run", "plain.safetensors", "-o", "a.safetensors", "--causal")).Succeeded();
        (await attend.RunAsync("run", "causal.safetensors", "-o", "b.safetensors")).Succeeded();
        (await attend.RunAsync("run", "plain.safetensors", "-o", "c.safetensors", "--valid-keys", "9,9")).Succeeded();
        (await attend.RunAsync("run", "short.safetensors", "-o", "d.safetensors", "--blocks", "3")).Succeeded();

        Assert.Equal(File.ReadAllBytes(attend["a.safetensors"]), File.ReadAllBytes(attend["b.safetensors"]));
        Assert.Equal(File.ReadAllBytes(attend["c.safetensors"]), File.ReadAllBytes(attend["d.safetensors"]));
    }

    [Fact]
    public async Task A_bias_is_added_after_the_softcap_and_hides_keys_where_it_is_minus_infinity()
    {
        using var attend = new Attend();
        float[] causal = [.. Enumerable.Range(0, 30 * 30).Select(i => i % 30 <= i / 30 ? 0f : float.NegativeInfinity)];
        float[] alibi = [.. Enumerable.Range(0, 4 * 30 * 30).Select(i =>
            -MathF.Pow(2, -2 * (i / 900 + 1)) * Math.Abs(i / 30 % 30 - i % 30))];
        Write(attend["plain.safetensors"], []);
        Write(attend["causal.safetensors"], [], ("bias", [1, 30, 30], causal));
        Write(attend["alibi.safetensors"], [], ("bias", [4, 30, 30], alibi));
        Write(attend["slopes.safetensors"], [], ("alibi_slopes", [4], [0.25f, 0.0625f, 0.015625f, 0.00390625f]));

        string[] softcap = ["--softcap", "2", "--lse"];
        (await attend.RunAsync(["run", "plain.safetensors", "-o", "a.safetensors", "--causal", .. softcap])).Succeeded();
        (await attend.RunAsync(["run", "causal.safetensors", "-o", "b.safetensors", .. softcap])).Succeeded();
        (await attend.RunAsync(["run", "plain.safetensors", "-o", "c.safetensors", "--alibi", .. softcap])).Succeeded();
        (await attend.RunAsync(["run", "slopes.safetensors", "-o", "d.safetensors", "--blocks", "2", .. softcap])).Succeeded();
        (await attend.RunAsync(["run", "alibi.safetensors", "-o", "e.safetensors", .. softcap])).Succeeded();

        foreach (string tensor in new[] { "o", "lse" })
        {
            Assert.Equal(TensorFiles.Read(attend["a.safetensors"], tensor), TensorFiles.Read(attend["b.safetensors"], tensor));
            Assert.Equal(TensorFiles.Read(attend["c.safetensors"], tensor), TensorFiles.Read(attend["d.safetensors"], tensor));
            float[] formula = TensorFiles.Read(attend["c.safetensors"], tensor), given = TensorFiles.Read(attend["e.safetensors"], tensor);
            for (int i = 0; i < formula.Length; i++)
                Assert.InRange(given[i], formula[i] - 2e-6, formula[i] + 2e-6);
        }
    }

    [Fact]
    public async Task A_tensor_may_have_a_file_of_its_own()
    {
        using var attend = new Attend();
        long[] mask = [.. Enumerable.Range(0, 30 * 30).Select(i => i % 3 == 0 ? 0L : 1)];
        Write(attend["plain.safetensors"], []);
        Write(attend["all.safetensors"], [("mask", FileElementType.Bool, [30, 30], mask)], ("bias", [30], Numbers(3, 30)));
        Write(attend["other.safetensors"], [("m", FileElementType.Bool, [30, 30], mask)], ("bias", [30], Numbers(3, 30)));

        (await attend.RunAsync("run", "all.safetensors", "-o", "a.safetensors")).Succeeded();
        (await attend.RunAsync(
            "run", "plain.safetensors", "-o", "b.safetensors", "--tensor", "mask=other.safetensors:m", "--tensor", "bias=other.safetensors")).Succeeded();
        Outcome twice = await attend.RunAsync("run", "all.safetensors", "-o", "c.safetensors", "--tensor", "bias=other.safetensors");
        Outcome missing = await attend.RunAsync("run", "plain.safetensors", "-o", "c.safetensors", "--tensor", "mask=other.safetensors:n");
        Outcome unknown = await attend.RunAsync("run", "plain.safetensors", "-o", "c.safetensors", "--tensor", "masque=other.safetensors");

        Assert.Equal(TensorFiles.Read(attend["a.safetensors"], "o"), TensorFiles.Read(attend["b.safetensors"], "o"));
        foreach ((Outcome refused, string because) in new[] { (twice, "given twice"), (missing, "no tensor 'n'"), (unknown, "'masque'") })
        {
            Assert.Equal(2, refused.ExitCode);
            Assert.Contains(because, refused.Error, StringComparison.Ordinal);
        }
        Assert.False(File.Exists(attend["c.safetensors"]));
    }

    [Fact]
    public async Task A_sink_takes_weight_from_every_row()
    {
        using var attend = new Attend();
        Write(attend["plain.safetensors"], []);
        Write(attend["sinks.safetensors"], [], ("sink_logits", [4], [float.NegativeInfinity, 0, 1, -1]));

        (await attend.RunAsync("run", "plain.safetensors", "-o", "a.safetensors", "--lse")).Succeeded();
        (await attend.RunAsync("run", "sinks.safetensors", "-o", "b.safetensors", "--lse")).Succeeded();

        float[] plain = TensorFiles.Read(attend["a.safetensors"], "o"), withSink = TensorFiles.Read(attend["b.safetensors"], "o");
        float[] lse = TensorFiles.Read(attend["a.safetensors"], "lse"), lseWithSink = TensorFiles.Read(attend["b.safetensors"], "lse");
        double[] sinks = [0, 1, Math.E, 1 / Math.E];
        for (int i = 0; i < plain.Length; i++)
        {
            double sum = Math.Exp(lse[i / 8]), with = sum + sinks[i / 8 / 30 % 4];
            Assert.InRange(withSink[i], plain[i] * sum / with - 1e-6, plain[i] * sum / with + 1e-6);
            Assert.InRange(lseWithSink[i / 8], Math.Log(with) - 1e-6, Math.Log(with) + 1e-6);
        }
    }

    [Theory]
    [InlineData("bhsd")]
    [InlineData("bshd")]
    [InlineData("bsd")]
    public async Task A_past_stands_in_front_of_the_keys_and_comes_back_as_the_present(string layout)
    {
        using var attend = new Attend();
        const int past = 5;
        float[] q = Numbers(1, 2 * 4 * 6 * 8), k = Numbers(2, 2 * 2 * 11 * 8), v = Numbers(3, 2 * 2 * 11 * 3);
        Tensors(attend["whole.safetensors"], ("q", [2, 4, 6, 8], q), ("k", [2, 2, 11, 8], k), ("v", [2, 2, 11, 3], v));
        string pastLayout = layout == "bsd" ? "bhsd" : layout;
        Tensors(attend["split.safetensors"],
            InLayout("q", q, [2, 4, 6, 8], layout), InLayout("k", Rows(k, 11, 8, past, 6), [2, 2, 6, 8], layout),
            InLayout("v", Rows(v, 11, 3, past, 6), [2, 2, 6, 3], layout),
            InLayout("past_k", Rows(k, 11, 8, 0, past), [2, 2, past, 8], pastLayout),
            InLayout("past_v", Rows(v, 11, 3, 0, past), [2, 2, past, 3], pastLayout));

        (await attend.RunAsync("run", "whole.safetensors", "-o", "a.safetensors", "--causal", "5", "--window", "4,0", "--lse")).Succeeded();
        string[] heads = layout == "bsd" ? ["--heads", "4,2"] : [];
        (await attend.RunAsync(["run", "split.safetensors", "-o", "b.safetensors", "--causal", "--window", "4,0", "--lse", "--layout", layout, .. heads])).Succeeded();

        float[] expected = TensorFiles.Read(attend["a.safetensors"], "o");
        Assert.Equal(InLayout("o", expected, [2, 4, 6, 3], layout).Numbers, TensorFiles.Read(attend["b.safetensors"], "o"));
        Assert.Equal(TensorFiles.Read(attend["a.safetensors"], "lse"), TensorFiles.Read(attend["b.safetensors"], "lse"));
        Assert.Equal(InLayout("k", k, [2, 2, 11, 8], pastLayout).Numbers, TensorFiles.Read(attend["b.safetensors"], "present_k"));
        Assert.Equal(InLayout("v", v, [2, 2, 11, 3], pastLayout).Numbers, TensorFiles.Read(attend["b.safetensors"], "present_v"));
        using TensorFile output = TensorFile.Open(attend["b.safetensors"]);
        Assert.Equal(layout == "bsd" ? 3 : 4, output.Find("o")!.Shape.Length);
    }

    [Theory]
    [InlineData("mask", FileElementType.U8, new long[] { 30, 30 }, "BOOL")]
    [InlineData("mask", FileElementType.Bool, new long[] { 3, 30, 30 }, "broadcast")]
    [InlineData("mask", FileElementType.Bool, new long[] { 30, 31 }, "broadcast")]
    [InlineData("mask", FileElementType.Bool, new long[] { 1, 1, 1, 30, 30 }, "axes")]
    [InlineData("valid_keys", FileElementType.I64, new long[] { 3 }, "valid keys")]
    [InlineData("valid_keys", FileElementType.I64, new long[] { 2, 1 }, "one axis")]
    [InlineData("documents", FileElementType.I64, new long[] { 2 }, "Documents")]
    [InlineData("bias", FileElementType.I64, new long[] { 30, 30 }, "BF16")]
    [InlineData("sink_logits", FileElementType.F32, new long[] { 3 }, "4 query heads")]
    [InlineData("alibi_slopes", FileElementType.F32, new long[] { 4, 1 }, "one axis")]
    [InlineData("relative_bias", FileElementType.F32, new long[] { 32, 3 }, "4 query heads")]
    [InlineData("relative_bias", FileElementType.F32, new long[] { 2, 4 }, "4 or more")]
    [InlineData("score_matrix", FileElementType.F32, new long[] { 8, 7 }, "[D, D]")]
    [InlineData("score_matrix", FileElementType.F32, new long[] { 3, 8, 8 }, "3 matrices")]
    [InlineData("q_norm", FileElementType.F32, new long[] { 8 }, "without a QK norm")]
    [InlineData("k_positions", FileElementType.I64, new long[] { 30 }, "without a rotary")]
    [InlineData("past_k", FileElementType.F32, new long[] { 2, 2, 3, 8 }, "'past_v'")]
    [InlineData("key_documents", FileElementType.I64, new long[] { 2 }, "'documents'")]
    public async Task A_tensor_that_is_not_what_its_name_says_is_refused(string name, FileElementType type, long[] shape, string says)
    {
        using var attend = new Attend();
        Write(attend["in.safetensors"], [(name, type, shape, new long[shape.Aggregate(1L, (a, b) => a * b)])]);

        Outcome outcome = await attend.RunAsync("run", "in.safetensors", "-o", "out.safetensors");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(says, Assert.Single(outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Equal(["in.safetensors"], attend.Files);
    }

    [Theory]
    [InlineData("raw", 4.0)]
    [InlineData("softcap", 0.5)]
    [InlineData("masked", double.NegativeInfinity)]
    [InlineData("weights", 1.0)]
    public async Task Scores_of_small_problems_are_written(string kind, double says)
    {
        using var attend = new Attend();
        Tensors(attend["in.safetensors"],
            ("q", [1, 1, 2, 1], [2f, 2f]), ("k", [1, 1, 2, 1], [2f, 2f]), ("v", [1, 1, 2, 1], [1f, 3f]));

        (await attend.RunAsync("run", "in.safetensors", "-o", "out.safetensors", "--causal", "--softcap", "0.5", "--qk-output", kind)).Succeeded();

        float[] qk = TensorFiles.Read(attend["out.safetensors"], "qk");
        Assert.Equal(says, kind == "masked" ? qk[1] : qk[0], 1e-6);
        Assert.Equal(kind == "weights" ? 0 : says, qk[1], 1e-6);
    }

    [Fact]
    public async Task Scores_of_large_problems_are_refused_before_the_start()
    {
        using var attend = new Attend();
        TensorFiles.WriteJob(attend["in.safetensors"], [1, 1, 9000, 1], [1, 1, 9000, 1], [1, 1, 9000, 1]);

        Outcome outcome = await attend.RunAsync("run", "in.safetensors", "-o", "out.safetensors", "--qk-output", "raw");

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains("67108864", outcome.Error, StringComparison.Ordinal);
        Assert.Equal(["in.safetensors"], attend.Files);
    }

    [Fact]
    public async Task A_specification_is_the_flags_in_another_form()
    {
        using var attend = new Attend();
        Write(attend["in.safetensors"], []);
        string[] flags = ["in.safetensors", "--causal", "--prefix", "3", "--window", "9,0", "--global-keys", "2", "--dilation", "2",
            "--block-size", "10,10", "--block-pairs", "0:0,1:1,2:2,2:0", "--valid-keys", "30,12", "--lse", "--dtype", "f16"];

        (await attend.RunAsync(["run", .. flags, "-o", "a.safetensors"])).Succeeded();
        Outcome printed = (await attend.RunAsync(["run", .. flags, "-o", "b.safetensors", "--print-spec"])).Succeeded();
        bool ranOnPrinting = File.Exists(attend["b.safetensors"]);
        File.WriteAllText(attend["job.json"], printed.Output);
        (await attend.RunAsync("run", "--spec", "job.json")).Succeeded();
        Outcome mixed = await attend.RunAsync("run", "--spec", "job.json", "--lse");

        Assert.False(ranOnPrinting, "--print-spec ran the job.");
        Assert.Equal(File.ReadAllBytes(attend["a.safetensors"]), File.ReadAllBytes(attend["b.safetensors"]));
        Assert.Equal(2, mixed.ExitCode);
        Assert.Contains("--lse", mixed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_plan_counts_tiles_and_writes_nothing()
    {
        using var attend = new Attend();
        TensorFiles.WriteJob(attend["in.safetensors"], [2, 2, 4096, 4], [2, 2, 4096, 4], [2, 2, 4096, 4]);

        Outcome outcome = (await attend.RunAsync("plan", "in.safetensors", "--causal", "--valid-keys", "4096,1024", "--json")).Succeeded();

        using JsonDocument json = JsonDocument.Parse(outcome.Output);
        JsonElement tiles = json.RootElement.GetProperty("tiles");
        Assert.Equal((6 + 3, 4 + 1, 6 + 12, 2), (
            tiles.GetProperty("full").GetInt32(), tiles.GetProperty("partial").GetInt32(),
            tiles.GetProperty("skipped").GetInt32(), tiles.GetProperty("matrices").GetInt32()));
        Assert.True(json.RootElement.GetProperty("estimated_bytes").GetInt64() > 0);
        Assert.Equal(["in.safetensors"], attend.Files);
    }

    private static float[] Numbers(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() * 2 - 1)];
    }

    private static void Write(
        string path, (string Name, FileElementType Type, long[] Shape, long[] Numbers)[] extra,
        params (string Name, long[] Shape, float[] Numbers)[] floats)
    {
        var random = new Random(5);
        (string Name, long[] Shape)[] three = [("q", Queries), ("k", Keys), ("v", Keys)];
        using TensorFileWriter writer = TensorFileWriter.Create(path, [
            .. three.Select(t => new TensorSpec(t.Name, ElementType.F32, t.Shape)),
            .. extra.Select(t => new TensorSpec(t.Name, t.Type, t.Shape)),
            .. floats.Select(t => new TensorSpec(t.Name, ElementType.F32, t.Shape))]);
        foreach ((string name, long[] shape) in three)
            writer[name].Write(0, Numbers(random.Next(), (int)shape.Aggregate((a, b) => a * b)));
        foreach ((string name, FileElementType type, _, long[] numbers) in extra)
        {
            if (type == FileElementType.I64)
                writer[name].Write(0, numbers);
            else if (type == FileElementType.F32)
                writer[name].Write(0, new float[numbers.Length]);
            else
                writer[name].WriteBytes(0, [.. numbers.Select(number => (byte)number)]);
        }
        foreach ((string name, _, float[] numbers) in floats)
            writer[name].Write(0, numbers);
        writer.Commit();
    }

    private static void Tensors(string path, params (string Name, long[] Shape, float[] Numbers)[] tensors)
    {
        using TensorFileWriter writer = TensorFileWriter.Create(path, [.. tensors.Select(t => new TensorSpec(t.Name, ElementType.F32, t.Shape))]);
        foreach ((string name, _, float[] numbers) in tensors)
            writer[name].Write(0, numbers);
        writer.Commit();
    }

    private static float[] Rows(float[] all, int rows, int dim, int first, int count) =>
        [.. all.Chunk(rows * dim).SelectMany(head => head.Skip(first * dim).Take(count * dim))];

    private static (string Name, long[] Shape, float[] Numbers) InLayout(string name, float[] bhsd, long[] shape, string layout)
    {
        if (layout == "bhsd")
            return (name, shape, bhsd);
        (long b, long h, long s, long d) = (shape[0], shape[1], shape[2], shape[3]);
        var turned = new float[bhsd.Length];
        for (int i = 0; i < bhsd.Length; i++)
        {
            long dim = i % d, row = i / d % s, head = i / d / s % h, batch = i / d / s / h;
            turned[((batch * s + row) * h + head) * d + dim] = bhsd[i];
        }
        return (name, layout == "bsd" ? [b, s, h * d] : [b, s, h, d], turned);
    }
}
