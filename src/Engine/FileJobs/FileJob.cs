using Distributed.Engine.Files;
using Distributed.Engine.Jobs;

namespace Distributed.Engine.FileJobs;

/// <summary>Runs a job over tensor files in this process.</summary>
public static class FileJob
{
    /// <summary>
    /// Reads the inputs where they lie, writes the output in place, and gives it its name when all of it is there. A job
    /// that fails or is cancelled leaves nothing behind.
    /// </summary>
    /// <param name="job">What to do.</param>
    /// <param name="progress">Told a few times a second; null = nobody.</param>
    /// <param name="cancellation">Stops the job.</param>
    /// <exception cref="InputException">A file, a tensor or an option cannot be used.</exception>
    /// <exception cref="IOException">The output cannot be written.</exception>
    public static async Task<JobReport> RunAsync(
        FileJobSpecification job, IProgress<JobProgress>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(job);
        job.Options.Validate();
        using JobFiles files = JobFiles.Open(job.Inputs, job.Layout, job.Ignore);
        AttentionShape shape = files.Input.Shape;
        using TensorFileWriter writer = TensorFileWriter.Create(job.Output, Outputs(job, shape), inputs: job.Inputs.All);
        var sink = new FileSink(shape, job.Layout, writer["o"], job.WithLogSumExp ? writer["lse"] : null);
        JobReport report = await EmbeddedEngine.RunAsync(files.Input, job.Options, sink, progress, cancellation)
            .ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested();
        writer.Commit();
        return report;
    }

    private static List<TensorSpec> Outputs(FileJobSpecification job, AttentionShape shape)
    {
        long[] output = job.Layout == HeadLayout.Bhsd
            ? [shape.Batch, shape.QueryHeads, shape.QueryRows, shape.ValueDim]
            : [shape.Batch, shape.QueryRows, shape.QueryHeads, shape.ValueDim];
        var tensors = new List<TensorSpec> { new("o", job.OutputType, output) };
        if (job.WithLogSumExp)
            tensors.Add(new TensorSpec("lse", Kernels.Numerics.ElementType.F32, shape.Batch, shape.QueryHeads, shape.QueryRows));
        return tensors;
    }
}
