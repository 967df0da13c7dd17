using Distributed.Engine.FileJobs;
using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Numerics;

namespace Distributed.Cluster.Tests;

/// <summary>A job with its input on disk and the output that one process makes of it.</summary>
internal sealed class TestJob
{
    private TestJob(string name, FileJobSpecification specification, byte[] expected) =>
        (Name, Specification, Expected) = (name, specification, expected);

    public string Name { get; }

    public FileJobSpecification Specification { get; }

    /// <summary>The output file of the embedded engine, byte for byte.</summary>
    public byte[] Expected { get; }

    /// <summary>Writes random input and computes the output in this process.</summary>
    public static async Task<TestJob> CreateAsync(
        string folder, string name, AttentionShape shape, AttentionOptions options, ElementType type = ElementType.F32,
        HeadLayout layout = HeadLayout.Bhsd, ElementType outputType = ElementType.F32)
    {
        string input = Path.Combine(folder, $"{name}.safetensors");
        WriteInput(input, shape, type, layout);
        var specification = new FileJobSpecification
        {
            Inputs = TensorPaths.InOneFile(input),
            Output = Path.Combine(folder, $"{name}.expected.safetensors"),
            Layout = layout,
            OutputType = outputType,
            WithLogSumExp = true,
            Options = options,
        };
        await FileJob.RunAsync(specification);
        return new TestJob(name, specification, await File.ReadAllBytesAsync(specification.Output));
    }

    /// <summary>A job that takes two threads of this machine about so long: long enough to be hit in its middle.</summary>
    public static async Task<TestJob> LastingAsync(string folder, double seconds)
    {
        const int Heads = 4, Dim = 64, TrialRows = 8192, Most = 98_304;
        var options = new AttentionOptions { Causal = CausalAlignment.TopLeft };
        AttentionShape Shape(long rows) => new(1, Heads, Heads, rows, rows, Dim, Dim);
        TestJob trial = await CreateAsync(folder, "trial", Shape(TrialRows), options with { Threads = 2 });
        JobReport report = await FileJob.RunAsync(trial.Specification);
        double pairs = seconds * report.PairsSeen / report.Elapsed.TotalSeconds;
        long rows = Math.Clamp((long)Math.Sqrt(pairs * 2 / Heads), 2 * TrialRows, Most);
        return await CreateAsync(folder, $"lasting-{seconds}", Shape(rows), options);
    }

    /// <summary>The same job with another output.</summary>
    public FileJobSpecification To(string output) => Specification with { Output = output };

    /// <summary>Checks an output, byte for byte.</summary>
    public void Check(string output, string what)
    {
        Assert.True(File.Exists(output), $"{what}: there is no output {output}.");
        byte[] bytes = File.ReadAllBytes(output);
        int at = bytes.AsSpan().CommonPrefixLength(Expected);
        Assert.True(
            at == Expected.Length && at == bytes.Length,
            $"{what}: the output differs from that of one process from byte {at} of {Expected.Length} on.");
    }

    private static void WriteInput(string path, AttentionShape shape, ElementType type, HeadLayout layout)
    {
        TensorSpec Spec(string name, int heads, long rows, int dim) => new(
            name, type, layout == HeadLayout.Bhsd ? [shape.Batch, heads, rows, dim] : [shape.Batch, rows, heads, dim]);
        TensorSpec[] tensors =
        [
            Spec("q", shape.QueryHeads, shape.QueryRows, shape.KeyDim), Spec("k", shape.KeyHeads, shape.KeyRows, shape.KeyDim),
            Spec("v", shape.KeyHeads, shape.KeyRows, shape.ValueDim),
        ];
        using TensorFileWriter writer = TensorFileWriter.Create(path, tensors);
        var random = new Random(path.Length);
        foreach (TensorSpec tensor in tensors)
        {
            var row = new float[tensor.Shape[^1]];
            for (long i = 0; i < tensor.Shape[0] * tensor.Shape[1] * tensor.Shape[2]; i++)
            {
                foreach (ref float number in row.AsSpan())
                    number = (float)(random.NextDouble() * 4 - 2);
                writer[tensor.Name].WriteRows(i, row);
            }
        }
        writer.Commit();
    }
}
