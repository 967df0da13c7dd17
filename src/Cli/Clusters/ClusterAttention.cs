using Distributed.Client;
using Distributed.Engine;
using Distributed.Engine.FileJobs;
using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Engine.Plan;
using Distributed.Kernels.Memory;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.Spans;

namespace Distributed.Cli.Clusters;

/// <summary>
/// Runs attention over tensors in memory on a cluster: they go there and the result comes back through files in a folder
/// that the silos see too.
/// </summary>
/// <param name="silos">The silos to ask.</param>
/// <param name="folder">The folder; what is put there is gone afterwards.</param>
internal sealed class ClusterAttention(IReadOnlyList<Uri> silos, string folder) : IAttentionRunner
{
    /// <inheritdoc/>
    public async Task<JobReport> RunAsync(
        AttentionInput input, AttentionOptions options, IAttentionSink sink, IProgress<JobProgress>? progress,
        CancellationToken cancellation)
    {
        if (input.Tensors != AttentionTensors.None || input.Shape.PastRows != 0)
            throw new InputException("Optional tensors and a past do not go to a cluster from memory; put them into a file for attend run.");
        JobPlan plan = JobPlan.Create(input, options);
        DirectoryInfo passing = Directory.CreateDirectory(Path.Combine(folder, $"cluster-{Guid.NewGuid():n}"));
        try
        {
            string tensors = Path.Combine(passing.FullName, "in.safetensors"), result = Path.Combine(passing.FullName, "out.safetensors");
            WriteInput(tensors, input, cancellation);
            var job = new FileJobSpecification
            {
                Inputs = TensorPaths.InOneFile(tensors),
                Output = result,
                WithLogSumExp = true,
                // Threads are for the work of this process; each silo has its own.
                Options = options with { Threads = null },
            };
            JobStatus done = await ClusterRun.RunAsync(job, silos, progress, cancellation);
            ReadOutput(result, input.Shape, sink, cancellation);
            return new JobReport(
                input.Shape, plan.Masks.Description, plan.Counts, done.Blocks, 0, $"{done.Silos.Count} silos", done.PairsSeen,
                TimeSpan.FromSeconds(done.Seconds))
            {
                Scores = plan.Scores.Description,
            };
        }
        finally
        {
            passing.Delete(recursive: true);
        }
    }

    private static void WriteInput(string path, AttentionInput input, CancellationToken cancellation)
    {
        (string Name, KeyRows Tensor)[] tensors = [("q", input.Queries), ("k", input.Keys), ("v", input.Values)];
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

    private static unsafe ReadOnlySpan<byte> Bytes(TensorRows rows, int row, int length) => new(rows.Row(row), length);

    private static void ReadOutput(string path, AttentionShape shape, IAttentionSink sink, CancellationToken cancellation)
    {
        using TensorFile file = TensorFile.Open(path);
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
}
