using System.Diagnostics;
using Distributed.Engine.Analytics;
using Distributed.Engine.Compute;
using Distributed.Engine.Files;
using Distributed.Engine.Jobs;
using Distributed.Kernels.Numerics;
using Distributed.Kernels.States;

namespace Distributed.Engine.FileJobs;

/// <summary>The output file of a job in the making. It takes its name only in <see cref="CommitAsync"/>.</summary>
public sealed class FileJobOutput : IDisposable
{
    private readonly TensorFileWriter _writer;
    private readonly JobFiles _files;
    private readonly FileJobSpecification _job;

    private readonly FileSink _sink;
    private readonly JobAnalytics? _analytics;

    private FileJobOutput(
        TensorFileWriter writer, FileSink sink, JobAnalytics? analytics, FileJobSpecification job, JobFiles files) =>
        (_writer, _sink, _analytics, _job, _files) = (writer, sink, analytics, job, files);

    /// <summary>What the job asks to be worked out of its weights; null = nothing. Parts may be added before the output is committed.</summary>
    public JobAnalytics? Analytics => _analytics;

    /// <summary>LSE <c>[B, Hq, Sq]</c> of the rows that have come, natural log; empty where the job asks for nothing of its weights.</summary>
    public ReadOnlyMemory<float> LogSumExp => _sink.LogSumExp;

    /// <summary>Takes the finished rows.</summary>
    public IAttentionSink Sink => _sink;

    /// <summary>Creates the file under its temporary name, in its full size.</summary>
    /// <param name="job">The job.</param>
    /// <param name="files">Its open inputs; they stay open until the output is committed.</param>
    /// <param name="note">
    /// Told the temporary name before there is such a file, so that a process that is lost leaves nothing that nobody knows
    /// of. Who takes that file away keeps it from being committed.
    /// </param>
    /// <exception cref="InputException">The output's name cannot be used.</exception>
    /// <exception cref="DiskFullException">The disk has no room.</exception>
    public static FileJobOutput Create(FileJobSpecification job, JobFiles files, Action<string>? note = null)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(files);
        JobAnalytics? analytics = job.NeedsWeights ? new JobAnalytics(files.Input.Shape, job.Options, job.Analytics!) : null;
        TensorFileWriter writer = TensorFileWriter.Create(job.Output, Tensors(job, files), FinishedJob.MetadataOf(job), job.Inputs.All, note);
        var sink = new FileSink(
            files.Input.Shape, job.Layout, writer["o"], job.WritesLogSumExp ? writer["lse"] : null,
            job.Options.RowStatistics is null ? [] : [.. RowTensors.Select(name => writer[name])], job.NeedsWeights);
        return new FileJobOutput(writer, sink, analytics, job, files);
    }

    /// <summary>The tensors <c>[B, Hq, Sq]</c> of the rows' statistics, in the order of <see cref="RowStatistic"/>.</summary>
    public static IReadOnlyList<string> RowTensors { get; } =
    [
        "row_entropy", "row_max_weight", "row_distance", "row_distance_rms", "row_offset", "row_window_mass", "row_sink_mass",
    ];

    /// <summary>
    /// Forces to disk what has been written, if it has become much: then there is little left to wait for at the end. It may
    /// be called while rows are written.
    /// </summary>
    /// <exception cref="IOException">The disk failed.</exception>
    public void WriteBack() => _writer.WriteBack();

    /// <summary>
    /// Works out what the job asks to be worked out of the weights, unless parts have given it, writes what does not come in rows, forces the content to
    /// disk and gives the file its name. All rows must have come.
    /// </summary>
    /// <param name="compute">Where a second pass over the weights runs.</param>
    /// <param name="progress">Told the share of that pass, 0 to 1; null = nobody.</param>
    /// <param name="cancellation">Stops it before the file has its name.</param>
    /// <returns>Time of the second pass; null when the job asks for none.</returns>
    /// <exception cref="IOException">The disk failed, or the temporary file was taken away.</exception>
    public async Task<TimeSpan?> CommitAsync(ICompute compute, IProgress<double>? progress, CancellationToken cancellation)
    {
        TimeSpan? took = null;
        if (_analytics is not null)
        {
            long began = Stopwatch.GetTimestamp();
            if (!_analytics.IsComplete)
            {
                await _analytics.RunAsync(new JobWeights(_files.Input, _job.Options), _sink.LogSumExp, compute, progress, cancellation)
                    .ConfigureAwait(false);
            }
            await _analytics.WriteAsync(name => _writer[name], compute).ConfigureAwait(false);
            took = Stopwatch.GetElapsedTime(began);
        }
        if (_job.QkOutput is { } kind)
        {
            TensorWriter qk = _writer["qk"];
            ScoreMatrix.Compute(_files.Input, _job.Options, kind, (row, scores) => qk.Write(row * scores.Length, scores));
        }
        _files.PresentKeys?.WriteTo(_writer["present_k"]);
        _files.PresentValues?.WriteTo(_writer["present_v"]);
        cancellation.ThrowIfCancellationRequested();
        _writer.Commit();
        return took;
    }

    /// <inheritdoc/>
    public void Dispose() => _writer.Dispose();

    private static List<TensorSpec> Tensors(FileJobSpecification job, JobFiles files)
    {
        AttentionShape shape = files.Input.Shape;
        long[] output = job.Layout switch
        {
            HeadLayout.Bhsd => [shape.Batch, shape.QueryHeads, shape.QueryRows, shape.ValueDim],
            HeadLayout.Bshd => [shape.Batch, shape.QueryRows, shape.QueryHeads, shape.ValueDim],
            _ => [shape.Batch, shape.QueryRows, (long)shape.QueryHeads * shape.ValueDim],
        };
        var tensors = new List<TensorSpec> { new("o", job.OutputType, output) };
        if (job.WritesLogSumExp)
            tensors.Add(new TensorSpec("lse", ElementType.F32, shape.Batch, shape.QueryHeads, shape.QueryRows));
        if (job.Options.RowStatistics is not null)
            tensors.AddRange(RowTensors.Select(name => new TensorSpec(name, ElementType.F32, shape.Batch, shape.QueryHeads, shape.QueryRows)));
        if (job.NeedsWeights)
            tensors.AddRange(JobAnalytics.Tensors(shape, job.Analytics!));
        if (job.QkOutput is not null)
        {
            ScoreMatrix.RefuseTooLarge(shape);
            tensors.Add(new TensorSpec("qk", job.OutputType, shape.Batch, shape.QueryHeads, shape.QueryRows, shape.KeyRows));
        }
        if (files.PresentKeys is { } keys)
            tensors.Add(new TensorSpec("present_k", keys.Type, keys.Extents));
        if (files.PresentValues is { } values)
            tensors.Add(new TensorSpec("present_v", values.Type, values.Extents));
        return tensors;
    }
}
