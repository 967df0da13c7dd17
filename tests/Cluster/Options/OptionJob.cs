using Distributed.Engine.FileJobs;
using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Numerics;

namespace Distributed.Cluster.Tests.Options;

/// <summary>A job that shows an option: a line of the table in docs/cluster.md.</summary>
/// <param name="Shows">The option, as the table calls it.</param>
internal sealed record OptionJob(string Shows)
{
    /// <summary>The usual sizes: several spans of rows, the last one short, and heads in a group.</summary>
    public AttentionShape Shape { get; init; } = new(1, 2, 1, 3100, 3100, 8, 8);

    public AttentionOptions Options { get; init; } = new();

    /// <summary>Element type of q, k and v.</summary>
    public ElementType Type { get; init; }

    public HeadLayout Layout { get; init; }

    /// <summary>Whether q, k and v have a file each.</summary>
    public bool Apart { get; init; }

    /// <summary>Whether optional tensors have files of their own.</summary>
    public bool Elsewhere { get; init; }

    /// <summary>Optional tensors.</summary>
    public IReadOnlyList<OptionTensor> Tensors { get; init; } = [];

    /// <summary>What else the specification says.</summary>
    public Func<FileJobSpecification, FileJobSpecification> Says { get; init; } = job => job;

    /// <summary>The job over files in a folder.</summary>
    public FileJobSpecification Specification(string folder, string name) => Says(new FileJobSpecification
    {
        Inputs = (Apart
            ? TensorPaths.Separate(InputOf(folder, name, "q"), InputOf(folder, name, "k"), InputOf(folder, name, "v"))
            : TensorPaths.InOneFile(InputOf(folder, name, "all"))) with
        {
            Others = Elsewhere ? [.. Tensors.Select(tensor => new TensorPlace(tensor.Name, InputOf(folder, name, tensor.Name)))] : [],
        },
        Output = Path.Combine(folder, $"{name}.expected.safetensors"),
        Layout = Layout,
        Heads = Layout == HeadLayout.Bsd ? (Shape.QueryHeads, Shape.KeyHeads) : null,
        WithLogSumExp = true,
        Options = Options,
    });

    /// <summary>Writes random input.</summary>
    public void WriteInput(FileJobSpecification job)
    {
        OptionTensor[] rows =
        [
            Rows("q", Shape.QueryHeads, Shape.QueryRows, Shape.KeyDim),
            Rows("k", Shape.KeyHeads, Shape.KeyRows - Shape.PastRows, Shape.KeyDim),
            Rows("v", Shape.KeyHeads, Shape.KeyRows - Shape.PastRows, Shape.ValueDim),
            .. Elsewhere ? [] : Tensors,
        ];
        foreach (TensorPlace other in job.Inputs.Others)
            Write(other.File, Tensors.Single(tensor => tensor.Name == other.Name));
        if (job.Inputs.Together is { } together)
        {
            Write(together, rows);
            return;
        }
        foreach ((string path, OptionTensor tensor) in job.Inputs.All.Zip(rows))
            Write(path, tensor);
    }

    private static string InputOf(string folder, string name, string part) => Path.Combine(folder, $"{name}.{part}.safetensors");

    private OptionTensor Rows(string name, int heads, long rows, int dim) => new(
        name, FileType(Type), Layout switch
        {
            HeadLayout.Bhsd => [Shape.Batch, heads, rows, dim],
            HeadLayout.Bshd => [Shape.Batch, rows, heads, dim],
            _ => [Shape.Batch, rows, (long)heads * dim],
        });

    private static FileElementType FileType(ElementType type) => type switch
    {
        ElementType.F16 => FileElementType.F16,
        ElementType.BF16 => FileElementType.BF16,
        _ => FileElementType.F32,
    };

    private static void Write(string path, params OptionTensor[] tensors)
    {
        using TensorFileWriter writer = TensorFileWriter.Create(
            path, [.. tensors.Select(tensor => new TensorSpec(tensor.Name, tensor.Type, [.. tensor.Extents]))]);
        var random = new Random(path.Length);
        foreach (OptionTensor tensor in tensors)
            tensor.Write(writer[tensor.Name], random);
        writer.Commit();
    }
}
