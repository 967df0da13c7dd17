using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Spans;
using RowRange = Distributed.Kernels.Spans.RowRange;

namespace Distributed.Engine.FileJobs;

/// <summary>
/// Attention over tensors in memory that others compute: the tensors go to them, and the result comes back, through files in
/// a folder that they see too.
/// </summary>
public sealed class PassedAttention
{
    private readonly AttentionInput _input;
    private readonly JobPlan _plan;

    /// <summary>Checks it; nothing is written yet.</summary>
    /// <param name="folder">The folder, by its full path.</param>
    /// <param name="input">The tensors; q, k and v alone.</param>
    /// <param name="options">What to compute.</param>
    /// <exception cref="InputException">An option is out of its range, or there is more than q, k and v.</exception>
    public PassedAttention(string folder, AttentionInput input, AttentionOptions options)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(options);
        if (input.Tensors != AttentionTensors.None || input.Shape.PastRows != 0)
            throw new InputException("Optional tensors and a past do not go to a cluster from memory; put them into a file for attend run.");
        _input = input;
        _plan = JobPlan.Create(input, options);
        InputPath = Path.Combine(folder, "in.safetensors");
        Job = new FileJobSpecification
        {
            Inputs = TensorPaths.InOneFile(InputPath),
            Output = Path.Combine(folder, "out.safetensors"),
            WithLogSumExp = true,
            // Threads are for the work of this process; whoever computes it has its own.
            Options = options with { Threads = null },
        };
    }

    /// <summary>What is to be computed, from file to file.</summary>
    public FileJobSpecification Job { get; }

    /// <summary>Where the tensors go.</summary>
    public string InputPath { get; }

    /// <summary>Writes the tensors to a file: it has its name when it is whole.</summary>
    /// <param name="path">The file; for the job itself <see cref="InputPath"/>.</param>
    /// <param name="cancellation">Stops it; nothing is left behind.</param>
    /// <exception cref="IOException">The disk failed.</exception>
    public void WriteInput(string path, CancellationToken cancellation)
    {
        (string Name, KeyRows Tensor)[] tensors = [("q", _input.Queries), ("k", _input.Keys), ("v", _input.Values)];
        using TensorFileWriter writer = TensorFileWriter.Create(
            path, [.. tensors.Select(t => new TensorSpec(t.Name, t.Tensor.Type, t.Tensor.Batch, t.Tensor.Heads, t.Tensor.Rows, t.Tensor.Dim))]);
        foreach ((string name, KeyRows tensor) in tensors)
        {
            var grid = new SpanGrid(tensor.Rows);
            int rowBytes = tensor.Dim * tensor.Type.SizeInBytes();
            for (int head = 0; head < tensor.Batch * tensor.Heads; head++)
            {
                for (int span = 0; span < grid.Count; span++)
                {
                    cancellation.ThrowIfCancellationRequested();
                    TensorRows rows = tensor.Slice(head / tensor.Heads, head % tensor.Heads, grid[span]);
                    long firstRow = head * tensor.Rows + grid[span].Start;
                    for (int row = 0; row < rows.Count; row++)
                        writer[name].WriteBytes((firstRow + row) * rowBytes, Bytes(rows, row, rowBytes));
                }
            }
        }
        writer.Commit();
    }

    /// <summary>Reads the job's output and gives its rows on.</summary>
    /// <exception cref="InputException">It is not what the job writes.</exception>
    public void ReadOutput(IAttentionSink sink, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(sink);
        AttentionShape shape = _input.Shape;
        using TensorFile file = TensorFile.Open(Job.Output);
        MappedTensor output = file.Map("o"), logSumExp = file.Map("lse");
        var grid = new SpanGrid(shape.QueryRows);
        var values = new float[SpanGrid.MaxSpanRows * shape.ValueDim];
        var lse = new float[SpanGrid.MaxSpanRows];
        for (int head = 0; head < shape.Batch * shape.QueryHeads; head++)
        {
            for (int span = 0; span < grid.Count; span++)
            {
                cancellation.ThrowIfCancellationRequested();
                RowRange rows = grid[span];
                long firstRow = head * shape.QueryRows + rows.Start;
                Span<float> of = values.AsSpan(0, rows.Count * shape.ValueDim), sums = lse.AsSpan(0, rows.Count);
                output.ReadF32(firstRow * shape.ValueDim, of);
                logSumExp.ReadF32(firstRow, sums);
                sink.Write(head / shape.QueryHeads, head % shape.QueryHeads, rows.Start, of, sums);
            }
        }
    }

    /// <summary>What the job did, in the words of one that ran here.</summary>
    /// <param name="blocks">Blocks that it was cut into.</param>
    /// <param name="by">Who computed it, for people.</param>
    /// <param name="pairsSeen">Pairs inside the masks, over all heads.</param>
    /// <param name="elapsed">How long it took.</param>
    public JobReport Report(int blocks, string by, long pairsSeen, TimeSpan elapsed) =>
        new(_input.Shape, _plan.Masks.Description, _plan.Counts, blocks, 0, by, pairsSeen, elapsed) { Scores = _plan.Scores.Description };

    private static unsafe ReadOnlySpan<byte> Bytes(TensorRows rows, int row, int length) => new(rows.Row(row), length);
}
