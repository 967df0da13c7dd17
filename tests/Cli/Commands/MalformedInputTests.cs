using System.Text;
using Distributed.Cli.Tests.Process;
using Distributed.Kernels.Numerics;

namespace Distributed.Cli.Tests.Commands;

/// <summary>Bad input: one sentence that names the thing, exit code 2, and no file left behind.</summary>
public class MalformedInputTests
{
    private const string Good = """{"q":{"dtype":"F32","shape":[1,1,2,2],"data_offsets":[0,16]},"k":{"dtype":"F32","shape":[1,1,2,2],"data_offsets":[16,32]},"v":{"dtype":"F32","shape":[1,1,2,2],"data_offsets":[32,48]}}""";

    private static readonly long[] Small = [1, 2, 4, 8];

    private static readonly Dictionary<string, (Action<Attend> Prepare, string[] Arguments, string Says)> All = new()
    {
        ["input does not exist"] = (_ => { }, ["in.safetensors"], "in.safetensors"),
        ["input is a folder"] = (a => Directory.CreateDirectory(a["in.safetensors"]), ["in.safetensors"], "in.safetensors"),
        ["input is empty"] = (a => File.WriteAllBytes(a["in.safetensors"], []), ["in.safetensors"], "empty"),
        ["input is no tensor file"] = (a => File.WriteAllText(a["in.safetensors"], "hello, this is text"), ["in.safetensors"], "header"),
        ["header longer than the file"] = Raw(Good, 48, 1_000_000),
        ["header over the limit"] = Raw(Good, 48, 1L << 62),
        ["header negative"] = Raw(Good, 48, -1),
        ["header is not JSON"] = Raw("{not json", 48),
        ["header is an array"] = Raw("[1]", 48),
        ["data truncated"] = Raw(Good, 47),
        ["data too long"] = Raw(Good, 49),
        ["duplicate tensor"] = Raw(Good.Replace("\"v\"", "\"k\"", StringComparison.Ordinal), 48),
        ["offsets overlap"] = Raw(Good.Replace("[16,32]", "[8,24]", StringComparison.Ordinal), 48),
        ["offsets reversed"] = Raw(Good.Replace("[16,32]", "[32,16]", StringComparison.Ordinal), 48),
        ["shape and bytes differ"] = Raw(Good.Replace("[1,1,2,2],\"data_offsets\":[16", "[1,1,2,3],\"data_offsets\":[16", StringComparison.Ordinal), 48),
        ["shape overflows"] = Raw(Good.Replace("[1,1,2,2],\"data_offsets\":[16", "[4294967296,4294967296,4294967296,2],\"data_offsets\":[16", StringComparison.Ordinal), 48),
        ["negative extent"] = Raw(Good.Replace("[1,1,2,2],\"data_offsets\":[16", "[1,1,-2,2],\"data_offsets\":[16", StringComparison.Ordinal), 48),
        ["unknown dtype"] = Raw(Good.Replace("F32", "F33", StringComparison.Ordinal), 48),
        ["dtype the engine does not take"] = Raw(Good.Replace("F32", "I32", StringComparison.Ordinal), 48),
        ["tensor missing"] = Job(a => TensorFiles.WriteRandom(a, ("q", ElementType.F32, Small), ("k", ElementType.F32, Small)), "'v'"),
        ["unknown tensor"] = Job(a => TensorFiles.WriteRandom(a, ("q", ElementType.F32, Small), ("k", ElementType.F32, Small), ("v", ElementType.F32, Small), ("mystery", ElementType.F32, Small)), "mystery"),
        ["three axes"] = Job(a => TensorFiles.WriteJob(a, [2, 4, 8], Small, Small), "axes"),
        ["head sizes differ"] = Job(a => TensorFiles.WriteJob(a, [1, 2, 4, 8], [1, 2, 4, 16], Small), "head size"),
        ["key rows differ from value rows"] = Job(a => TensorFiles.WriteJob(a, Small, Small, [1, 2, 5, 8]), "rows"),
        ["heads do not divide"] = Job(a => TensorFiles.WriteJob(a, [1, 3, 4, 8], Small, Small), "multiple"),
        ["batches differ"] = Job(a => TensorFiles.WriteJob(a, [2, 2, 4, 8], Small, Small), "batch"),
        ["head size zero"] = Job(a => TensorFiles.WriteJob(a, [1, 2, 4, 0], [1, 2, 4, 0], Small), "head size 0"),
        ["npy of another version"] = Npy([0x93, .. "NUMPY"u8, 9, 0, 10, 0], "version"),
        ["npy big-endian"] = Npy(NpyHeader("{'descr': '>f4', 'fortran_order': False, 'shape': (1, 1, 2, 2), }", 16), "endian"),
        ["npy Fortran order"] = Npy(NpyHeader("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1, 2, 2), }", 16), "ortran"),
        ["npy of objects"] = Npy(NpyHeader("{'descr': '|O', 'fortran_order': False, 'shape': (1, 1, 2, 2), }", 16), "object"),
        ["npy truncated"] = Npy(NpyHeader("{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 2, 2), }", 15), "15"),
        ["only q and k given"] = (_ => { }, ["--q", "q.npy", "--k", "k.npy"], "--v"),
        ["input twice"] = (_ => { }, ["in.safetensors", "--q", "q.npy"], "exclude"),
        ["no input"] = (_ => { }, [], "no input"),
        ["scale is no number"] = Option("--scale", "big"),
        ["scale is infinite"] = Option("--scale", "Infinity"),
        ["window of one side"] = Option("--window", "5"),
        ["window below -1"] = Option("--window", "-2,0"),
        ["causal alignment unknown"] = Option("--causal", "middle"),
        ["causal offset with a fraction"] = Option("--causal", "1.5"),
        ["layout unknown"] = Option("--layout", "sbhd"),
        ["output type unknown"] = Option("--dtype", "f64"),
        ["zero blocks"] = Option("--blocks", "0"),
        ["negative threads"] = Option("--threads", "-1"),
        ["threads beyond whole numbers"] = Option("--threads", "99999999999"),
        ["an option that is not there"] = Option("--softmax", "30"),
        ["negative softcap"] = Option("--softcap", "-30"),
        ["negative prefix"] = (a => TensorFiles.WriteJob(a["in.safetensors"], Small, Small, Small), ["in.safetensors", "--causal", "--prefix", "-4"], "-4"),
        ["prefix without causal"] = Option("--prefix", "3"),
        ["global keys without a window"] = Option("--global-keys", "3"),
        ["dilation zero"] = Option("--dilation", "0"),
        ["negative excluded band"] = Option("--exclude-band", "-1"),
        ["documents that do not cover the rows"] = Option("--documents", "0,3"),
        ["documents that fall"] = (a => TensorFiles.WriteJob(a["in.safetensors"], Small, Small, Small), ["in.safetensors", "--documents", "0,3,2,4"], "fall from 3 to 2"),
        ["documents of queries alone"] = (a => TensorFiles.WriteJob(a["in.safetensors"], Small, [1, 2, 5, 8], [1, 2, 5, 8]), ["in.safetensors", "--documents", "0,4"], "key documents"),
        ["key documents alone"] = (a => TensorFiles.WriteJob(a["in.safetensors"], Small, Small, Small), ["in.safetensors", "--key-documents", "0,4"], "--documents"),
        ["valid keys beyond the keys"] = Option("--valid-keys", "5"),
        ["valid keys of another batch"] = (a => TensorFiles.WriteJob(a["in.safetensors"], Small, Small, Small), ["in.safetensors", "--valid-keys", "4,4"], "one for each of the 1 batch entries"),
        ["block pairs without a size"] = (a => TensorFiles.WriteJob(a["in.safetensors"], Small, Small, Small), ["in.safetensors", "--block-pairs", "0:0"], "--block-size"),
        ["a block pair outside"] = (a => TensorFiles.WriteJob(a["in.safetensors"], Small, Small, Small), ["in.safetensors", "--block-pairs", "0:9", "--block-size", "2,2"], "0:9"),
        ["layout bsd without heads"] = Option("--layout", "bsd"),
        ["heads of another layout"] = Option("--heads", "2,2"),
        ["two alignments"] = (a => TensorFiles.WriteJob(a["in.safetensors"], Small, Small, Small), ["in.safetensors", "--causal", "--align", "bottom-right"], "exclude"),
        ["an alignment of nothing"] = (a => TensorFiles.WriteJob(a["in.safetensors"], Small, Small, Small), ["in.safetensors", "--align", "bottom-right"], "no meaning"),
        ["cosines without a scale"] = (a => TensorFiles.WriteJob(a["in.safetensors"], Small, Small, Small), ["in.safetensors", "--qk-norm", "l2"], "temperature"),
        ["QK norm unknown"] = Option("--qk-norm", "l1"),
        ["rotary dims without a base"] = (a => TensorFiles.WriteJob(a["in.safetensors"], Small, Small, Small), ["in.safetensors", "--rope-dims", "4"], "--rope BASE"),
        ["odd rotary dims"] = (a => TensorFiles.WriteJob(a["in.safetensors"], Small, Small, Small), ["in.safetensors", "--rope", "10000", "--rope-dims", "3"], "dims 3"),
        ["rotary base too small"] = (a => TensorFiles.WriteJob(a["in.safetensors"], Small, Small, Small), ["in.safetensors", "--rope", "1"], "base 1"),
        ["rotary scaling unknown"] = (a => TensorFiles.WriteJob(a["in.safetensors"], Small, Small, Small), ["in.safetensors", "--rope", "10000", "--rope-scaling", "yarn:4"], "yarn:4"),
        ["a specification and an option"] = (_ => { }, ["--spec", "job.json"], "--spec and --output"),
        ["threads for a cluster"] = (
            a => TensorFiles.WriteJob(a["in.safetensors"], Small, Small, Small),
            ["in.safetensors", "--cluster", "http://127.0.0.1:9", "--threads", "1"], "exclude"),
        ["a cluster that is no address"] = Option("--cluster", "somewhere"),
        ["q ignored"] = Option("--ignore", "q"),
    };

    public static TheoryData<string> Cases => [.. All.Keys];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Is_refused_in_one_sentence(string name)
    {
        using var attend = new Attend();
        (Action<Attend> prepare, string[] arguments, string says) = All[name];
        prepare(attend);
        string[] before = [.. attend.Files];

        Outcome outcome = await attend.RunAsync(["run", .. arguments, "-o", "out.safetensors"]);

        Assert.True(outcome.ExitCode == 2, $"Exit code 2 was expected, {outcome.ExitCode} came: {outcome.Error}");
        string line = Assert.Single(outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(says, line, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", line, StringComparison.Ordinal);
        Assert.Equal("", outcome.Output);
        Assert.Equal(before, attend.Files);
    }

    [Theory]
    [InlineData("missing/out.safetensors", "missing")]
    [InlineData("folder", "folder")]
    [InlineData("out.txt", "out.txt")]
    [InlineData("in.safetensors", "in.safetensors")]
    public async Task An_output_that_cannot_be_is_refused_and_the_input_stays(string output, string says)
    {
        using var attend = new Attend();
        Directory.CreateDirectory(attend["folder"]);
        TensorFiles.WriteJob(attend["in.safetensors"], Small, Small, Small);
        byte[] input = File.ReadAllBytes(attend["in.safetensors"]);

        Outcome outcome = await attend.RunAsync("run", "in.safetensors", "-o", output);

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(says, Assert.Single(outcome.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Equal(["folder", "in.safetensors"], attend.Files);
        Assert.Equal(input, File.ReadAllBytes(attend["in.safetensors"]));
    }

    private static (Action<Attend>, string[], string) Raw(string header, int dataBytes, long? claimed = null) =>
        (a => TensorFiles.WriteRaw(a["in.safetensors"], header, dataBytes, claimed), ["in.safetensors"], "in.safetensors");

    private static (Action<Attend>, string[], string) Job(Action<string> write, string says) =>
        (a => write(a["in.safetensors"]), ["in.safetensors"], says);

    private static (Action<Attend>, string[], string) Option(string option, string value) =>
        (a => TensorFiles.WriteJob(a["in.safetensors"], Small, Small, Small), ["in.safetensors", option, value],
            option switch { "--softmax" => option, "--prefix" or "--global-keys" => "without", "--documents" => "end with 3", _ => value });

    private static (Action<Attend>, string[], string) Npy(byte[] bytes, string says) =>
        (a =>
        {
            foreach (string name in new[] { "q.npy", "k.npy", "v.npy" })
                File.WriteAllBytes(a[name], bytes);
        }, ["--q", "q.npy", "--k", "k.npy", "--v", "v.npy"], says);

    private static byte[] NpyHeader(string header, int dataBytes)
    {
        string padded = header.PadRight((10 + header.Length + 64) / 64 * 64 - 11) + "\n";
        return [0x93, .. "NUMPY"u8, 1, 0, (byte)padded.Length, (byte)(padded.Length >> 8), .. Encoding.ASCII.GetBytes(padded), .. new byte[dataBytes]];
    }
}
