using System.Text.Json;
using Distributed.Engine.Analytics;
using Distributed.Engine.FileJobs;
using Distributed.Engine.FileJobs.Specification;
using Distributed.Engine.Jobs;
using Distributed.Engine.Mechanisms;
using Distributed.Kernels.Devices;
using Distributed.Kernels.Linear;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Rows;

namespace Distributed.Engine.Tests.FileJobs.Specification;

public class SpecificationDocumentTests
{
    private static readonly FileJobSpecification Full = new()
    {
        Inputs = TensorPaths.Separate("q.npy", "k.npy", "v ö.npy") with
        {
            Others = [new TensorPlace("mask", "m.npy"), new TensorPlace("bias", "b.npz", "b")],
        },
        Output = "out.safetensors",
        Layout = HeadLayout.Bsd,
        Heads = (8, 2),
        OutputType = ElementType.BF16,
        WithLogSumExp = true,
        QkOutput = ScoreKind.Masked,
        Ignore = ["a", "b"],
        Analytics = new AnalyticsOptions { Received = true, Links = 3 },
        Options = new AttentionOptions
        {
            Mechanism = new Mechanism
            {
                Kind = MechanismKind.Linear,
                TopK = 4,
                FeatureMap = FeatureMap.Relu,
                Normalised = false,
                FeatureSums = true,
            },
            Scale = 0.125,
            Causal = CausalAlignment.At(-3),
            Align = CausalAlignment.BottomRight,
            Prefix = 7,
            Window = new SlidingWindow(10, -1),
            Dilation = 2,
            BlockPairs = new BlockPairs(64, 32, [(0, 0), (1, 3)]),
            GlobalKeys = 4,
            ExcludedBand = 1,
            Documents = new PackedDocuments([0, 5, 9], [0, 6, 12]),
            ValidKeys = [12, 3],
            Softcap = 30.5,
            Alibi = true,
            RelativeDistance = 64,
            QkNorm = RowNorm.Rms,
            Rotary = new RotaryOptions { Base = 500_000, Dims = 64, Interleaved = true, Scaling = new RotaryScaling(RotaryScalingKind.Yarn, 8.5, 8192) },
            RowStatistics = new RowStatisticsOptions(5, 6),
            Blocks = 5,
            Threads = 3,
            Device = new DeviceChoice(DeviceKind.OpenCl, 1),
        },
    };

    [Fact]
    public void What_is_written_is_read_back()
    {
        string written = SpecificationDocument.Write(Full);

        Assert.Equal(written, SpecificationDocument.Write(SpecificationDocument.Read(written)));
        using JsonDocument document = JsonDocument.Parse(written);
        using JsonDocument schema = JsonDocument.Parse(SpecificationDocument.Schema());
        Assert.Equal(
            schema.RootElement.GetProperty("properties").EnumerateObject().Select(property => property.Name).Order(),
            document.RootElement.EnumerateObject().Select(property => property.Name).Order());
    }

    [Fact]
    public void Every_member_of_the_job_is_in_the_document()
    {
        FileJobSpecification read = SpecificationDocument.Read(SpecificationDocument.Write(Full));

        Assert.Equivalent(Full.Inputs, read.Inputs, strict: true);
        Assert.Equal((Full.Output, Full.Layout, Full.Heads, Full.OutputType, Full.WithLogSumExp, Full.QkOutput),
            (read.Output, read.Layout, read.Heads, read.OutputType, read.WithLogSumExp, read.QkOutput));
        Assert.Equal(Full.Ignore, read.Ignore);
        Assert.Equivalent(Full.Analytics, read.Analytics, strict: true);
        foreach (System.Reflection.PropertyInfo option in typeof(AttentionOptions).GetProperties().Where(p => p.Name != nameof(AttentionOptions.SpanRows)))
        {
            Assert.True(
                option.GetValue(Full.Options) is { } value && !value.Equals(option.GetValue(new AttentionOptions())),
                $"{option.Name} has no value of its own in this test's job.");
            Assert.Equivalent(option.GetValue(Full.Options), option.GetValue(read.Options), strict: true);
        }
    }

    [Fact]
    public void What_a_document_cannot_say_is_refused()
    {
        InputException error = Assert.Throws<InputException>(
            () => SpecificationDocument.Write(Full with { Options = Full.Options with { SpanRows = 64 } }));

        Assert.Contains("Span rows 64", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Defaults_are_left_out() => Assert.Equal(
        """{"version":1,"input":"in.npz","output":"out.npy"}""",
        string.Concat(SpecificationDocument.Write(new FileJobSpecification { Inputs = TensorPaths.InOneFile("in.npz"), Output = "out.npy" })
            .Where(character => !char.IsWhiteSpace(character))));

    [Theory]
    [InlineData("nothing", "not JSON")]
    [InlineData("[]", "$ is []; an object")]
    [InlineData("""{"input":"a","output":"b"}""", "$.version is missing")]
    [InlineData("""{"version":2,"input":"a","output":"b"}""", "$.version is 2; 1")]
    [InlineData("""{"version":1,"output":"b"}""", "$.input is missing")]
    [InlineData("""{"version":1,"input":{"q":"a"},"output":"b"}""", "$.input is")]
    [InlineData("""{"version":1,"input":{"w":"a"},"output":"b"}""", "$.input.w is not known; q, k, v")]
    [InlineData("""{"version":1,"input":"a","output":"b","sofcap":3}""", "$.sofcap is not known")]
    [InlineData("""{"version":1,"input":"a","output":"b","lse":true,"lse":true}""", "$.lse is given twice")]
    [InlineData("""{"version":1,"input":"a","output":"b","lse":1}""", "$.lse is 1; true or false")]
    [InlineData("""{"version":1,"input":"a","output":"b","window":[1]}""", "$.window is [1]; a list of 2")]
    [InlineData("""{"version":1,"input":"a","output":"b","window":[1,2.5]}""", "$.window[1] is 2.5; a whole number")]
    [InlineData("""{"version":1,"input":"a","output":"b","causal":"middle"}""", "$.causal: ")]
    [InlineData("""{"version":1,"input":"a","output":"b","layout":"sbhd"}""", "$.layout: ")]
    [InlineData("""{"version":1,"input":"a","output":"b","threads":1e12}""", "$.threads is 1e12")]
    [InlineData("""{"version":1,"input":"a","output":"b","block_pairs":{"pairs":[]}}""", "$.block_pairs is")]
    [InlineData("""{"version":1,"input":"a","output":"b","block_pairs":{"query_block":1,"key_block":1,"pairs":[[0,0],[1]]}}""", "$.block_pairs.pairs[1] is [1]")]
    [InlineData("""{"version":1,"input":"a","output":"b","rope":{"theta":1}}""", "$.rope.theta is not known")]
    [InlineData("""{"version":1,"input":"a","output":"b","rope":{"scaling":"yarn:4"}}""", "$.rope.scaling: ")]
    [InlineData("""{"version":1,"input":"a","output":"b","key_documents":[0]}""", "$.key_documents is given without documents")]
    public void What_breaks_a_rule_is_refused_with_its_path(string json, string says)
    {
        InputException error = Assert.Throws<InputException>(() => SpecificationDocument.Read(json));

        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_published_schema_is_the_generated_one()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Distributed.sln")))
            folder = folder.Parent;
        string published = File.ReadAllText(Path.Combine(folder!.FullName, "docs", "job.schema.json"));

        Assert.True(
            published.Trim() == SpecificationDocument.Schema(),
            "docs/job.schema.json is not the schema of the code; write it anew: attend run --print-schema > docs/job.schema.json");
    }
}
