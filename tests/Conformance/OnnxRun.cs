using Distributed.Engine.FileJobs;
using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Numerics;

namespace Distributed.Conformance.Tests;

/// <summary>Hands a case to the engine in the tensors and options that stand for the operator's inputs and attributes.</summary>
internal static class OnnxRun
{
    /// <summary>Runs a case over files and reads what comes out, by tensor, <c>o</c> turned back to four axes.</summary>
    public static async Task<Dictionary<string, float[]>> RunAsync(OnnxCase of, string folder, int spanRows, int blocks)
    {
        string input = Path.Combine(folder, "in.safetensors"), output = Path.Combine(folder, "out.safetensors");
        WriteInput(of, input);
        await FileJob.RunAsync(Job(of, input, output, spanRows, blocks));
        using TensorFile file = TensorFile.Open(output);
        Dictionary<string, float[]> tensors = file.Tensors.ToDictionary(tensor => tensor.Name, tensor =>
        {
            var numbers = new float[tensor.ElementCount];
            file.Map(tensor.Name).ReadF32(0, numbers);
            return numbers;
        });
        if (of.ThreeAxes)
            tensors["o"] = Turn(tensors["o"], of.Batch, of.QueryRows, of.QueryHeads, of.ValueSize);
        return tensors;
    }

    private static FileJobSpecification Job(OnnxCase of, string input, string output, int spanRows, int blocks) => new()
    {
        Inputs = TensorPaths.InOneFile(input),
        Output = output,
        Layout = of.ThreeAxes ? HeadLayout.Bsd : HeadLayout.Bhsd,
        Heads = of.ThreeAxes ? (of.QueryHeads, of.KeyHeads) : null,
        QkOutput = of.QkMode is { } mode ? (ScoreKind)mode : null,
        Options = new AttentionOptions
        {
            Scale = of.Scale,
            Softcap = of.Softcap,
            Causal = !of.IsCausal ? null : of.NonpadKeys is null ? CausalAlignment.TopLeft : CausalAlignment.BottomRight,
            Window = of is { Left: < 0, Right: < 0 } ? null : new SlidingWindow(of.Left, of.Right),
            Align = of is { IsCausal: false, NonpadKeys: not null } and ({ Left: >= 0 } or { Right: >= 0 }) ? CausalAlignment.BottomRight : null,
            SpanRows = spanRows,
            Blocks = blocks,
            Threads = 2,
        },
    };

    private static void WriteInput(OnnxCase of, string path)
    {
        var floats = new List<(string Name, long[] Shape, float[] Numbers)>
        {
            Rows("q", of, of.Q, of.QueryHeads, of.QueryRows, of.HeadSize),
            Rows("k", of, of.K, of.KeyHeads, of.NewKeys, of.HeadSize),
            Rows("v", of, of.V, of.KeyHeads, of.NewKeys, of.ValueSize),
        };
        if (of.Past is { } past)
        {
            floats.Add(("past_k", [of.Batch, of.KeyHeads, past, of.HeadSize], of.PastK));
            floats.Add(("past_v", [of.Batch, of.KeyHeads, past, of.ValueSize], of.PastV));
        }
        if (of.FloatMask is not null)
            floats.Add(("bias", of.MaskExtents, of.FloatMask));
        var specs = floats.Select(tensor => new TensorSpec(tensor.Name, ElementType.F32, tensor.Shape)).ToList();
        if (of.BoolMask is not null)
            specs.Add(new TensorSpec("mask", FileElementType.Bool, of.MaskExtents));
        if (of.NonpadKeys is not null)
            specs.Add(new TensorSpec("valid_keys", FileElementType.I64, of.Batch));
        using TensorFileWriter writer = TensorFileWriter.Create(path, specs);
        foreach ((string name, _, float[] numbers) in floats)
            writer[name].Write(0, numbers);
        if (of.BoolMask is not null)
            writer["mask"].WriteBytes(0, [.. of.BoolMask.Select(seen => (byte)(seen ? 1 : 0))]);
        if (of.NonpadKeys is not null)
            writer["valid_keys"].Write(0, of.NonpadKeys);
        writer.Commit();
    }

    private static (string, long[], float[]) Rows(string name, OnnxCase of, float[] numbers, int heads, int rows, int dim) =>
        of.ThreeAxes
            ? (name, [of.Batch, rows, heads * dim], Turn(numbers, of.Batch, heads, rows, dim))
            : (name, [of.Batch, heads, rows, dim], numbers);

    /// <summary><c>[batch, x, y, dim]</c> to <c>[batch, y, x, dim]</c>.</summary>
    private static float[] Turn(float[] numbers, int batch, int x, int y, int dim)
    {
        var turned = new float[numbers.Length];
        for (int i = 0; i < batch * x * y; i++)
        {
            int to = (i / y / x * y + i % y) * x + i / y % x;
            numbers.AsSpan(i * dim, dim).CopyTo(turned.AsSpan(to * dim));
        }
        return turned;
    }
}
